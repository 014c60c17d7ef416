#!/usr/bin/env python3
"""Train small tokenizers under the settings of well-known families; write them and the ids they give to test texts.

    python3 -m venv .venv && .venv/bin/pip install tokenizers==0.23.3
    .venv/bin/python Tests/TokenizerTests/Goldens/make_goldens.py

Writes, beside itself, FAMILY.json (a tokenizer.json) for each family, and cases.json:
    texts     the test texts
    long      texts that a rule makes: {"unit", "count"}, for unit repeated count times
    families  for each: "ids" (per text, without special tokens), "special" (with, for the first texts),
              "long" (per long text: the number of ids and their FNV-1a hash)
The result depends on nothing but this script and the version of `tokenizers`.
"""
import itertools
import json
import pathlib
import random

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
assert tokenizers.__version__ == "0.23.3", tokenizers.__version__

# ---------------------------------------------------------------- texts to train on and to test with

PROSE = [
    "The lighthouse keeper's daughter didn't know who'd left the lantern burning; they'll ask, and she'll say it wasn't "
    "hers. We've seen ships turn back for less. I'm told the harbour's rocks are older than 1824.",
    "Der Müller fährt früh übers Gebirge, weil die Straße später vereist. Größe und Maß stimmen überein.",
    "Où êtes-vous allés, garçon? Le café était fermé, l'œuvre inachevée, et déjà l'été finissait.",
    "Čtyři žáci šli přes řeku; łódź płynęła wolno; İstanbul'dan ılık bir rüzgâr esiyordu.",
    "Το φως της πόλης έσβησε αργά, και οι ναύτες γύρισαν στο σπίτι τους. ΟΔΥΣΣΕΥΣ Σίσυφος.",
    "Старый мост скрипел под снегом, ёлка стояла у дороги, и никто не помнил, чей это дом.",
    "הספינה הגיעה לנמל בבוקר, והרוח נרגעה. שָׁלוֹם לכולם.",
    "وصلت السفينة إلى الميناء عند الفجر، وكان البحر هادئًا. ١٢٣ مترًا.",
    "नदी के किनारे एक पुराना पेड़ खड़ा था, और बच्चे उसकी छाया में खेलते थे। १२३",
    "เรือลำเล็กแล่นผ่านแม่น้ำในตอนเช้า ๑๒๓ คนรออยู่ที่ท่า",
    "河边的老树下，孩子们在玩耍。船在清晨到达港口，共有三百二十一人。",
    "小さな船が朝の川をゆっくり進んでいく。カタカナとひらがな、ｶﾀｶﾅ。",
    "작은 배가 아침 강을 천천히 지나갔다. 한글과 숫자 123.",
    "def total(rows):\n    result = 0\n    for row in rows:\n        if row[\"size\"] >= 10:\n            result += row[\"size\"]\n"
    "    return result\n",
    "int main(void) {\n\tfor (int i = 0; i < 100; ++i) {\n\t\tprintf(\"%d\\n\", i * i);\n\t}\n\treturn 0;\n}\n",
    "{\"name\": \"value\", \"list\": [1, 2.5, -3e10, null, true]}   https://example.org/a/b?c=d&e=f#g",
    "🎉 Party 👩‍👩‍👧‍👦 with 👍🏽 and 🇩🇪🇯🇵 flags ❤️ and 🏴󠁧󠁢󠁳󠁣󠁴󠁿!",
]
TRAINING = PROSE * 4 + [
    " ".join(f"{a}{b}" for a in ("re", "un", "over", "fore") for b in ("turn", "sail", "build", "light", "told")),
    "\n\n".join("    " * (i % 5) + f"line {i}: value = {i * 37 % 1000}" for i in range(60)),
]

SPACES = ["\t", "\n", "\x0b", "\x0c", "\r", "\x1c", "\x1d", "\x1e", "\x1f", " ", "\x85", "\xa0", "\u1680", "\u2000",
          "\u2003", "\u200a", "\u200b", "\u200c", "\u200d", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000",
          "\ufeff", "\x00", "\x7f", "\u180e"]

FIXED = [
    "", " ", "  ", "   ", "\n", "\r\n", "\n\n\n", " \n ", "\t\t", "a", " a", "a ", "  a  ", "\n a \n", "Hello, world!",
    "Hello  world", "Hello   world   ", "   leading and trailing   ", "line one\nline two\r\nline three\rline four",
    "a\r\n\r\nb\r\n  c", "x\n\n  y\n \n z", "tabs\tand\t\tmore\t \tmix", "trailing newline\n", "trailing spaces   \n   ",
    "I'm you're he's we've they'll she'd don't", "I'M YOU'RE HE'S WE'VE THEY'LL SHE'D DON'T", "i'M you'Re he'Ll wE'vE",
    "it'\u017f it'\u212a x'\u017f\u017f 'l\u006c 'LL 'lL 'VE'RE'S'T'D'M", "'s't're've'm'll'd", "''s '''t", "o'clock rock'n'roll",
    "it\u2019s don\u2019t", "1", "12", "123", "1234", "12345", "123456789012", "3.14159", "1,000,000", "v1.2.3-rc4", "x86_64",
    "2x4y8z16", "١٢٣٤٥", "१२३४५", "๑๒๓๔", "１２３４", "Ⅳ ⅷ ② ½ ¾ ²³", "一二三", "1a2b3c4d", "0x1F600", "$1,234.56 €99 ¥1000",
    "é", "e\u0301", "caf\u00e9 cafe\u0301", "A\u030angstr\u00f6m \u212bngstr\u00f6m \u2126 \u03a9", "\u0301", " \u0301", "a\u0301\u0327 a\u0327\u0301",
    "\u1e9b\u0323", "\ufb01 \ufb02 \ufb00", "ﬁne ﬂow", "ß SS \u1e9e", "İ ı I i", "ΟΔΥΣΣΕΥΣ ς σ", "\u0344 \u0958 \u2adc",
    "각 각 한 한글", "가나다", "が が", "ｶﾞ ﾊﾟ", "\u3392 ㎏ ™ ℃", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚", "𐍈𐌰 𝒳", "\U0001F468\u200d\U0001F4BB", "👩🏿‍🚀👨‍👩‍👧", "🇫🇷🇬🇧🇺🇸",
    "❤️ ❤ ☺︎ #️⃣", "\U000E0041", "\U0010FFFF", "\uFFFD", "\uE000", "the Ġ and the ▁ and Ċ signs", "▁", "▁▁", " ▁ ", "a▁b", "▁a", "<0x41>", "<0xE2><0x96>",
    "<unk>", "<s>", "</s>", "a<s>b</s>c", " <s> x </s> ", "<|endoftext|>", "one<|endoftext|>two", "one <|endoftext|> two", "<|endoftext|><|endoftext|>",
    "<|endoftext|", "<|begin_of_text|>Hi<|eot_id|>", "<|im_start|>user\nHi<|im_end|>\n", "!!!", "...", "?!?!", "#$%&*()", "a.b.c", "a,b;c:d",
    "--- ***", "//comment", "/* x */\n\n", "!\n\n?\r\n", ".\n .\n\n .", "#include <stdio.h>", "if (a && b || !c) { return -1; }", "foo_bar.baz(qux)[0]", "CamelCaseWords andSnake_case",
    "HTTPServer XMLHttpRequest iOS macOS", "C:\\path\\to\\file", "e-mail: a.b@c.org", "http://x.yz/?q=1&r=%20", "ünïcödé ÀÉÎÕÜ", "naïve façade", "ЁЖИК ёжик", "שָׁלוֹם", "مُحَمَّد",
    "हिन्दी क्षेत्र", "ภาษาไทยไม่มีช่องว่าง", "中文，标点。「引号」", "日本語のテキスト、句読点。", "한국어 문장입니다.", "mixed中文andEnglish和123数字", "ab\u200bcd\u00adef\ufeffgh",
    "a\u00a0b\u3000c\u2028d\u2029e", "\u00a0\u00a0x", " \u00a0 ", "\u3000\u3000段落", "\u0085", "x\u0085y", "a\x1cb\x1db\x1eb\x1fb", " \x1c x", "\x00", "a\x00b", "\x00\x00 \x00",
    "\x0b\x0c", "a\x0bb\x0cc", "  \x0b  x", "\ufeffBOM first", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "abababababababababab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b",
]
FIXED += PROSE
FIXED += [f"x{s}y{s}{s}z {s} w{s}" for s in SPACES]
FIXED += [s + "!" + s + "\n" + s + s + "1" + s for s in SPACES]

ADDED_TEXTS = ["{t}", "a{t}b", "a {t} b", "a  {t}  b", " {t} ", "{t}{t}", "{t} {t}", "a\n{t}\tb", "a\u00a0\u2028{t}\u3000\x85b", "a\x1c{t}\x1fb",
               "_{t}_", "é{t}é", "1{t}1", "-{t}-", "a{t}.", "\u0301{t}\u200d", "a \u200b{t}"]


def random_texts(count: int, seed: int) -> list[str]:
    """Short strings over an alphabet in which classes of characters meet more often than in any language."""
    source = random.Random(seed)
    alphabet = list("aabbcdeilmnorsstvXYZLMSTVE0123459''' \t\n\n\r     .,!?-_/()<>|{}#")
    alphabet += ["\r\n", "'s", "'LL", "  ", "   ", "é", "e\u0301", "\u0301", "ß", "ſ", "K", "Я", "ж", "λ", "ש", "\u05b8", "ع", "१", "क", "\u094d", "ไ", "\u0e48",
                 "中", "文", "の", "カ", "한", "각", "👍", "🏽", "\u200d", "\ufe0f", "🇩", "🇪", "½", "Ⅳ", "²", "，", "。", "€", "°", "▁", "Ġ", "ª", "ǅ", "ʰ",
                 "the", " of", "ing", "<s>", "</s>", "<|endoftext|>"] + SPACES
    return ["".join(source.choice(alphabet) for _ in range(source.randint(1, 24))) for _ in range(count)]


LONG = [{"unit": "The ship's 42nd crew\u00e9 sailed, and then —\n  ", "count": 500},
        {"unit": "ab", "count": 10000}, {"unit": " ", "count": 5000}, {"unit": "深い\n", "count": 3000}]

# ---------------------------------------------------------------- families

GPT2_WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3_WORDS = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
                r"|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2_WORDS = LLAMA3_WORDS.replace(r"\p{N}{1,3}", r"\p{N}")
CASED_WORDS = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
               r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
               r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
P, N, BYTES = pre_tokenizers, normalizers, pre_tokenizers.ByteLevel.alphabet()


def special(text: str, **flags) -> AddedToken:
    return AddedToken(text, **{"special": True, "normalized": False, **flags})


def trained(size, pre_tokenizer, normalizer=None, tokens=(), alphabet=BYTES, **model) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(**model))
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(TRAINING, trainers.BpeTrainer(
        vocab_size=size, initial_alphabet=sorted(alphabet), special_tokens=list(tokens), show_progress=False))
    return tokenizer


def edited(tokenizer: Tokenizer, edit) -> Tokenizer:
    """The tokenizer whose file `edit` has changed."""
    document = json.loads(tokenizer.to_str())
    edit(document)
    return Tokenizer.from_str(json.dumps(document))


def gpt2() -> Tokenizer:
    tokenizer = trained(600, P.ByteLevel(add_prefix_space=False), tokens=["<|endoftext|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def gpt2_prefix() -> Tokenizer:
    return trained(500, P.ByteLevel(add_prefix_space=True), tokens=["<s>", "</s>"])


def llama3() -> Tokenizer:
    words = P.Sequence([P.Split(Regex(LLAMA3_WORDS), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = trained(700, words)
    tokenizer.add_special_tokens([special("<|begin_of_text|>"), special("<|end_of_text|>"), special("<|eot_id|>")])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    template = processors.TemplateProcessing("<|begin_of_text|> $A", "<|begin_of_text|> $A <|begin_of_text|> $B:1",
                                             [("<|begin_of_text|>", begin)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])

    def unreachable(document):
        # Some tokens keep no merge of their own, so that ignore_merges matters.
        document["model"]["ignore_merges"] = True
        document["model"]["merges"] = [m for i, m in enumerate(document["model"]["merges"]) if i < 150 or i % 3]
    return edited(tokenizer, unreachable)


def smollm() -> Tokenizer:
    tokenizer = trained(600, P.Sequence([P.Digits(individual_digits=True), P.ByteLevel(add_prefix_space=False)]),
                        tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return edited(tokenizer, lambda d: d["model"].update(merges=[" ".join(m) for m in d["model"]["merges"]]))


def qwen2() -> Tokenizer:
    words = P.Sequence([P.Split(Regex(QWEN2_WORDS), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = trained(700, words, N.NFC())
    tokenizer.add_special_tokens([special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")])
    tokenizer.add_tokens([AddedToken("<tool>", normalized=False, special=False)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return edited(tokenizer, lambda d: d["model"].update(continuing_subword_prefix="", end_of_word_suffix=""))


def sentencepiece(pre_tokenizer, normalizer, training_normalizer, training_words, **model) -> Tokenizer:
    """A vocabulary as SentencePiece has it: <unk>, <s>, </s>, the bytes, then what training finds."""
    base = trained(500, training_words, training_normalizer, tokens=["<unk>"], alphabet=())
    document = json.loads(base.to_str())
    rare = set("λ中文カ°ж")
    learned = [t for t, _ in sorted(document["model"]["vocab"].items(), key=lambda item: item[1])
               if t != "<unk>" and not rare & set(t)]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + learned
    document["model"]["vocab"] = {t: i for i, t in enumerate(tokens)}
    document["model"]["merges"] = [m for m in document["model"]["merges"] if not rare & set("".join(m))]
    document["model"] |= {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True} | model
    document["added_tokens"] = []
    tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.add_special_tokens([special("<unk>"), special("<s>"), special("</s>")])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", "<s> $A <s>:1 $B:1", [("<s>", 1)])
    return tokenizer


def without_bytes(tokenizer: Tokenizer, count: int) -> Tokenizer:
    """Bytes from 0x80 + count on have no token, so that some characters must become unknown."""
    def rename(document):
        vocab = document["model"]["vocab"]
        document["model"]["vocab"] = {
            (f"<no {t}" if t.startswith("<0x") and i - 3 >= 0x80 + count else t): i for t, i in vocab.items()}
    return edited(tokenizer, rename)


LEGACY = dict(normalizer=N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")]), pre_tokenizer=None,
              training_normalizer=N.Replace(" ", "▁"), training_words=P.Split("▁", "merged_with_next"))
METASPACE = dict(normalizer=None, training_normalizer=None, training_words=P.Metaspace("▁", "first", split=True))


def llama2() -> Tokenizer:
    return sentencepiece(**LEGACY)


def llama2_unknown() -> Tokenizer:
    return without_bytes(sentencepiece(**LEGACY), 0x60)


def llama2_unfused() -> Tokenizer:
    return without_bytes(sentencepiece(**LEGACY, fuse_unk=False), 0x40)


def mistral() -> Tokenizer:
    return sentencepiece(pre_tokenizer=P.Metaspace("▁", "first", split=False), **METASPACE)


def metaspace_always() -> Tokenizer:
    return sentencepiece(pre_tokenizer=P.Metaspace("▁", "always", split=True), byte_fallback=False, **METASPACE)


def metaspace_never() -> Tokenizer:
    return sentencepiece(pre_tokenizer=P.Metaspace("▁", "never", split=True), **METASPACE)


def flags(normalizer, pre_tokenizer, **more) -> Tokenizer:
    """A token for each combination of flags, and some that are prefixes of others or in each other's way."""
    tokenizer = trained(400, pre_tokenizer, normalizer, **more)
    tokens = []
    for single, left, right, normal, is_special in itertools.product([False, True], repeat=5):
        name = "".join(letter for letter, on in zip("wlrns", (single, left, right, normal, is_special)) if on)
        tokens.append(AddedToken(f"<T{name.upper()}>", single_word=single, lstrip=left, rstrip=right, normalized=normal,
                                 special=is_special))
    tokens += [AddedToken("Harbour", single_word=True, normalized=True), AddedToken("harb", normalized=False),
               AddedToken("harbo", single_word=True, normalized=False), AddedToken("<T", normalized=False),
               AddedToken("CAFÉ", normalized=True), AddedToken(" sail", normalized=False, rstrip=True),
               AddedToken(" x", normalized=False), AddedToken("é", single_word=True, normalized=False)]
    for token in tokens:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return tokenizer


def flags_lowercase() -> Tokenizer:
    return flags(N.Sequence([N.NFKC(), N.Lowercase()]), P.ByteLevel(add_prefix_space=False))


def flags_metaspace() -> Tokenizer:
    return flags(None, P.Metaspace("▁", "first"), alphabet=())


def flags_legacy() -> Tokenizer:
    return flags(N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")]), None, alphabet=(), unk_token=None)


def cased_words() -> Tokenizer:
    return trained(450, P.Sequence([P.Split(Regex(CASED_WORDS), "isolated"), P.ByteLevel(False, use_regex=False)]))


def deep_split() -> Tokenizer:
    """Several splits in a row, as DeepSeek's files have them, with every behavior."""
    return trained(450, P.Sequence([
        P.Split(Regex("[\r\n]"), "isolated"), P.Split(Regex(r"\s?\p{Lu}+"), "merged_with_next"),
        P.Split(Regex(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"), "isolated"), P.Split(Regex(r"\s+$"), "isolated"),
        P.Split(Regex("[一-龥ࠀ-一가-퟿]+"), "isolated"), P.Split(".", "merged_with_previous"),
        P.Split(Regex(r"\p{Nd}++(?=x)|(?<=y)\d|\bz"), "contiguous"), P.Split(Regex(r"[^\s'-]+"), "contiguous", invert=True),
        P.Split("\x0b", "removed"), P.Digits(individual_digits=False), P.ByteLevel(False, use_regex=False)]))


def whitespace() -> Tokenizer:
    return trained(450, P.Whitespace(), N.Sequence([N.Strip(), N.NFKD(), N.Replace(Regex(r"\p{Mn}+"), ""), N.Lowercase()]),
                   alphabet=(), unk_token="<unk>", tokens=["<unk>"])


def whitespace_split() -> Tokenizer:
    return trained(450, P.Sequence([P.WhitespaceSplit(), P.ByteLevel(True)]), N.Sequence([N.Strip(True, False), N.NFD()]))


FAMILIES = [gpt2, gpt2_prefix, llama3, smollm, qwen2, llama2, llama2_unknown, llama2_unfused, mistral, metaspace_always,
            metaspace_never, flags_lowercase, flags_metaspace, flags_legacy, cased_words, deep_split, whitespace,
            whitespace_split]


def fnv1a(ids: list[int]) -> str:
    hash_ = 0xCBF29CE484222325
    for id_ in ids:
        hash_ = ((hash_ ^ id_) * 0x100000001B3) % 2**64
    return f"{hash_:016x}"


def main() -> None:
    texts = list(dict.fromkeys(FIXED + random_texts(200, seed=1)))
    names = ["wlrns"[:0], "w", "l", "r", "n", "s", "lr", "wlr", "wn", "lrn", "wlrn", "lns", "wlrns"]
    flag_texts = [t.format(t=f"<T{name.upper()}>") for name in names for t in ADDED_TEXTS]
    flag_texts += [t.format(t=word) for word in ("harbour", "HARBOUR", "harb", "harbo", "café", "CAFE\u0301", "é", " sail")
                   for t in ADDED_TEXTS]
    flag_texts += ["<T<TR>  x<TL>", "<TLR>  <TLR> <TL>", "<tlrn> <Tlrn>", "<TR> sail x", "<TWR>\n<TWL>", "<TWS><TWN>"]
    cases = {"texts": texts, "flagTexts": flag_texts, "long": LONG, "families": {}}
    for family in FAMILIES:
        path = HERE / f"{family.__name__}.json"
        document = json.loads(family().to_str())
        path.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        tokenizer = Tokenizer.from_file(str(path))
        own = flag_texts if family.__name__.startswith("flags") else texts
        encode = lambda text, special=False: tokenizer.encode(text, add_special_tokens=special).ids
        long = [encode(rule["unit"] * rule["count"]) for rule in LONG]
        cases["families"][family.__name__] = {
            "vocabularySize": tokenizer.get_vocab_size(),
            "ids": [encode(text) for text in own],
            "special": [encode(text, True) for text in own[:40]],
            "long": [{"count": len(ids), "hash": fnv1a(ids)} for ids in long],
        }
    (HERE / "cases.json").write_text(json.dumps(cases, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main()
