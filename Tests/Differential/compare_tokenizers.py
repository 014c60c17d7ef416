"""Our ids beside those of the `tokenizers` library, for small random tokenizers and random texts.

    compare_tokenizers.py PROGRAM [--count N] [--seed N] [--keep DIRECTORY]

PROGRAM is the built print-token-ids. Every part of a tokenizer.json that this project reads is drawn at random: normalizers,
pre-tokenizers, options of byte-pair encoding, flags of added tokens, post-processors; and now and then one that it refuses.
Fails where ids differ, where a tokenizer is refused that should be read, or read that should be refused, and where a refusal does
not name its reason. What differs is written to DIRECTORY, a tokenizer and a text per case, and the first cases are printed.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys

os.environ["RUST_BACKTRACE"] = "0"
from tokenizers import AddedToken, Tokenizer, pre_tokenizers  # noqa: E402  (the library reads the variable when it is loaded)

# What must be compared for a run of the full size to count, of COUNT that are drawn.
COUNT, LEAST_COMPARED = 2200, 1765
TEXTS = 40
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())

# ---------------------------------------------------------------- texts

LETTERS = list("aabbcdeiostxyzABIST0129 '._-<>")
UNICODE = ["é", "e\u0301", "É", "\u0301", "\u0323", "ß", "ẞ", "ſ", "İ", "ı", "Σ", "ς", "K", "Å", "Ω", "Ω", "ﬁ", "½", "Ⅳ", "²", "ª", "ǅ",
           "中", "文", "の", "か\u3099", "ガ", "한", "각", "ᄒ", "ᅡ", "ᆫ", "ש\u05b8", "ع", "१", "क\u094d", "ไ\u0e48", "👍", "👍🏽", "👨\u200d👩", "🇩🇪",
           "\ufe0f", "\u200d", "\u200c", "\u200b", "\u00ad", "\ufeff", "▁", "Ġ", "_", "£", "€", "，", "。", "“", "…", "\U0001d54f", "\U00010400",
           "\U000e0001", "\ue000", "\u0378", "\U0001fae0", "\u1e9b\u0323", "\u0f73\u0f71", "\U00011099\U000110ba", "\u0340", "\u2126", "\ufb1d"]
SPACES = [" ", "  ", "\n", "\r\n", "\r", "\t", "\u00a0", "\u0085", "\u2028", "\u3000", "\u200a", "\x0b", "\x0c", "\x1c", "\x1f", "\x00", "\u180e"]
FIXED = ["", " ", "a", "  a  b  ", "a\nb\r\nc", "don't STOP'S it's 'LL", "3.14 and 1,000", "aaaaaaaaaaaaaaaa", "ab" * 20, "\r\n\r\n", "\n \n", "x\u0301\u0323y",
         "\u0301", "ＡＢＣ ﬁ ①", "ΑΣ ΣΑΣ. İI", "a\u200db"]


def random_text(source, pieces):
    pool = source.choice([LETTERS, LETTERS, LETTERS + UNICODE, LETTERS + UNICODE + SPACES * 2, SPACES + LETTERS[:6], UNICODE])
    if pieces and source.random() < 0.7:
        pool = pool + pieces * max(1, len(pool) // (3 * len(pieces))) + SPACES[:6]
    return "".join(source.choice(pool) for _ in range(source.randint(1, 30)))


# ---------------------------------------------------------------- parts of a tokenizer

PATTERNS = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t)?|\p{N}{1,3}|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"\s+", r"\S+", r" ", r"\d", r"\d+", r"\p{N}{1,3}", r"[\r\n]", r"\r?\n", r"\w+|[^\w\s]+", r"\b", r"(?<=a)b", r"a(?!b)", r"[a-c]+", r"\p{Lu}",
    r"\p{P}", r"\s?\p{L}+", r"^a|b$", r"\p{M}", r"(?=[A-Z])", r".", r"x*", r"[^a]", r"[一-龥]+", r"(?:\r\n|\n){2,}", r"\p{Nd}++(?=x)", r"(?i:ab)", r"\A\s|\s\z",
]
# The library fails where a replacement's pattern matches nothing at the text's end.
REPLACED = [p for p in PATTERNS if p not in (r"\b", r"(?=[A-Z])", r"x*")]
LITERALS = [" ", "a", "ab", "▁", "\n", "'", "é", "  ", "\r\n", "."]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]


def pattern(source, expressions=PATTERNS):
    return {"Regex": source.choice(expressions)} if source.random() < 0.7 else {"String": source.choice(LITERALS)}


def flag(source, probability=0.5):
    return source.random() < probability


def sequence(source, draw, name, most=3):
    return {"type": "Sequence", name: [draw(source) for _ in range(source.randint(0, most))]}


def normalizer(source):
    kind = source.choice(["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "Replace", "Replace", "Prepend"])
    return {"type": kind} | {
        "Strip": lambda: {"strip_left": flag(source), "strip_right": flag(source)},
        "Replace": lambda: {"pattern": pattern(source, REPLACED), "content": source.choice(["", "▁", " ", "b", "é", "\u0301", "xyz"])},
        "Prepend": lambda: {"prepend": source.choice(["▁", " ", "a", "é", "xy", "\u0301"])},
    }.get(kind, dict)()


def pre_tokenizer(source):
    kind = source.choice(["Split", "Split", "ByteLevel", "Digits", "Metaspace", "Whitespace", "WhitespaceSplit"])
    return {"type": kind} | {
        "Split": lambda: {"pattern": pattern(source), "behavior": source.choice(BEHAVIORS), "invert": flag(source, 0.3)},
        "ByteLevel": lambda: {"add_prefix_space": flag(source), "trim_offsets": flag(source), "use_regex": flag(source)},
        "Digits": lambda: {"individual_digits": flag(source)},
        "Metaspace": lambda: {"replacement": source.choice(["▁", "▁", "▁", "_", "é"]), "split": flag(source),
                              "prepend_scheme": source.choice(["always", "first", "never"])},
    }.get(kind, dict)()


def post_processor(source, tokens):
    """Special tokens are not added, so that none of these changes an id."""
    token = source.choice(tokens)
    special = {"SpecialToken": {"id": token[0], "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    kind = source.choice(["TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel"])
    return {"type": kind} | {
        "TemplateProcessing": lambda: {
            "single": source.choice([[text], [special, text], [special, text, special]]),
            "pair": [text, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token[0]: {"id": token[0], "ids": [token[1]], "tokens": [token[0]]}}},
        "BertProcessing": lambda: {"sep": token, "cls": source.choice(tokens)},
        "RobertaProcessing": lambda: {"sep": token, "cls": token, "trim_offsets": flag(source), "add_prefix_space": flag(source)},
        "ByteLevel": lambda: {"add_prefix_space": flag(source), "trim_offsets": flag(source), "use_regex": flag(source)},
    }[kind]()


def maybe(source, draw, name, probability):
    """None, one, or several in a row."""
    if not flag(source, probability):
        return None
    return sequence(source, draw, name) if flag(source, 0.4) else draw(source)


def model(source):
    """A vocabulary, and merges that lead to some of it."""
    kind = source.choice(["bytes", "bytes", "characters", "fallback"])
    if kind == "bytes":
        symbols = list(BYTES) if flag(source, 0.8) else source.sample(BYTES, 200)
    else:
        characters = sorted({c for c in "".join(LETTERS + UNICODE + ["▁", " ", "\n"])})
        symbols = source.sample(characters, source.randint(len(characters) // 3, len(characters)))
    unknown = source.choice([None, None, "<unk>", "<unk>", "a"] if kind != "bytes" else [None, None, "<unk>"])
    tokens = list(symbols)
    letters = [s for s in symbols if len(s) == 1 and (s in "abcdeistxyzABIST0129'.▁Ġé" or flag(source, 0.1))]
    merges, made = [], list(letters)
    for _ in range(source.randint(0, 60)):
        if not made:
            break
        left, right = source.choice(made), source.choice(made)
        if (left, right) in merges or len(left + right) > 12:
            continue
        merges.append((left, right))
        if left + right not in tokens:
            tokens.append(left + right)
        made.append(left + right)
    if flag(source, 0.2):
        source.shuffle(merges)
    # Words that no merge leads to.
    for _ in range(source.randint(0, 4)):
        word = "".join(source.choice(letters or ["q"]) for _ in range(source.randint(1, 4)))
        if word not in tokens:
            tokens.append(word)
    if kind == "fallback":
        missing = set() if flag(source, 0.6) else set(source.sample(range(256), 60))
        tokens += [f"<0x{b:02X}>" for b in range(256) if b not in missing]
    if unknown == "<unk>":
        tokens.insert(0, "<unk>")
    if flag(source, 0.3):
        source.shuffle(tokens)
    return {"type": "BPE", "dropout": source.choice([None, None, 0.0]), "unk_token": unknown if unknown in tokens else None,
            "continuing_subword_prefix": source.choice([None, ""]), "end_of_word_suffix": source.choice([None, ""]),
            "fuse_unk": flag(source), "byte_fallback": kind == "fallback" or flag(source, 0.1), "ignore_merges": flag(source, 0.3),
            "vocab": {token: i for i, token in enumerate(tokens)}, "merges": [list(m) for m in merges]}


ADDED = ["<x>", "<x", "<", "<s>", "</s>", "\n", "\n\n", " ", "  ", "\t", " y", "a", "ab", "Ab", "b", "é", "e\u0301", "É", "1", "▁", "▁a", "_", "-", "'s", "\u200d",
         "中", "<X>", "ﬁ", "  y", "x ", "\r\n", "…", "A B", "the"]


def added_tokens(source):
    contents = source.sample(ADDED, source.choice([0, 1, 2, 3, 3, 5, 8]))
    # With few flags set as often as with many.
    often = source.choice([0.2, 0.5])
    return [AddedToken(c, single_word=flag(source, often), lstrip=flag(source, often), rstrip=flag(source, often), normalized=flag(source),
                       special=flag(source)) for c in contents]


# What is refused, and what the message must say.
REFUSED = {
    "normalizer": [({"type": "StripAccents"}, '"StripAccents" is not supported'), ({"type": "Nmt"}, '"Nmt" is not supported'),
                   ({"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
                    '"BertNormalizer" is not supported')],
    "pre_tokenizer": [({"type": "Punctuation", "behavior": "Isolated"}, '"Punctuation" is not supported'),
                      ({"type": "BertPreTokenizer"}, '"BertPreTokenizer" is not supported'), ({"type": "UnicodeScripts"}, '"UnicodeScripts" is not supported'),
                      ({"type": "Split", "pattern": {"Regex": r"\p{Han}"}, "behavior": "Isolated", "invert": False}, r"the property \p{Han} is not supported"),
                      ({"type": "CharDelimiterSplit", "delimiter": "-"}, '"CharDelimiterSplit" is not supported')],
    "model": [({"dropout": 0.5}, "only null and 0 are supported"), ({"end_of_word_suffix": "</w>"}, 'only null and "" are supported'),
              ({"continuing_subword_prefix": "##"}, 'only null and "" are supported')],
}
EMPTY_TOKEN = "is empty once it is normalized, which is not supported"
FIRST_AFTER_CHANGE = 'a Metaspace with prepend_scheme "first" after a normalizer that changes the beginning is not supported'

FIRST_AFTER_CUT = 'a Metaspace with prepend_scheme "first" after another pre-tokenizer that may cut or lengthen the beginning is not supported'


def kinds(part):
    """All parts of a sequence, itself included."""
    if part is None:
        return []
    inner = part.get("normalizers") or part.get("pretokenizers") or []
    return [part] + [kind for p in inner for kind in kinds(p)]


def refusal(document):
    """What our message must say of a file that is drawn as if it were read; None where it is."""
    moves = any(p["type"] in ("Prepend", "Replace") or p["type"] == "Strip" and p["strip_left"] for p in kinds(document["normalizer"]))
    asks = any(p["type"] == "Metaspace" and p["prepend_scheme"] == "first" for p in kinds(document["pre_tokenizer"]))
    if moves and asks:
        return FIRST_AFTER_CHANGE
    lengthened, cut = any(p["type"] not in ("Sequence", "Strip") for p in kinds(document["normalizer"])), False
    for part in kinds(document["pre_tokenizer"]):
        if part["type"] == "Metaspace" and part["prepend_scheme"] == "first" and lengthened and cut:
            return FIRST_AFTER_CUT
        lengthened = lengthened or part["type"] in ("ByteLevel", "Metaspace")
        cut = cut or part.get("use_regex", part.get("split", part["type"] != "Sequence"))
    return None


def tokenizer(source):
    """A tokenizer.json, what a refusal must say (None: it is read), and strings that stand in it."""
    document = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
                "normalizer": maybe(source, normalizer, "normalizers", 0.6),
                "pre_tokenizer": maybe(source, pre_tokenizer, "pretokenizers", 0.75), "post_processor": None, "decoder": None, "model": model(source)}
    expected = refusal(document)
    if expected is None and flag(source, 0.04):
        place = source.choice(list(REFUSED))
        part, expected = source.choice(REFUSED[place])
        if place != "model":
            document[place] = part
        elif "dropout" in part or not document["model"]["merges"]:
            document["model"] |= {"dropout": 0.5}
            expected = "only null and 0 are supported"
        else:
            # An affix changes what merges make, so none are left.
            document["model"] |= part | {"merges": []}
    made, keys = Tokenizer.from_str(json.dumps(document)), set()
    for token in added_tokens(source):
        if token.normalized:
            key = made.normalizer.normalize_str(token.content) if made.normalizer else token.content
            # Of tokens that look alike when they are normalized, the library finds another one each time it is loaded.
            if key in keys:
                continue
            keys.add(key)
            # One that becomes nothing it would find everywhere, and fail inside of characters.
            if not key:
                if not flag(source, 0.1):
                    continue
                expected = expected or EMPTY_TOKEN
        (made.add_special_tokens if token.special else made.add_tokens)([token])
    document = json.loads(made.to_str())
    if flag(source, 0.5):
        tokens = [["a", 0]] + [[t["content"], t["id"]] for t in document["added_tokens"]]
        draw = lambda s: post_processor(s, tokens)  # noqa: E731
        document["post_processor"] = maybe(source, draw, "processors", 1)
    older_forms(source, document)
    return document, expected, [t["content"] for t in document["added_tokens"]] + source.sample(sorted(document["model"]["vocab"]), 5)


def older_forms(source, document):
    """Files of other versions say the same in other ways."""
    body = document["model"]
    if flag(source, 0.3) and not any(" " in half for merge in body["merges"] for half in merge):
        body["merges"] = [" ".join(merge) for merge in body["merges"]]
    if flag(source, 0.1):
        for name, value in [("ignore_merges", False), ("byte_fallback", False), ("fuse_unk", False), ("dropout", None)]:
            if body[name] == value:
                del body[name]
    for part in kinds(document["pre_tokenizer"]):
        if part["type"] == "Metaspace" and part["prepend_scheme"] == "always" and flag(source):
            part |= {"add_prefix_space": True}
            del part["prepend_scheme"]
        if part["type"] == "ByteLevel" and part.get("use_regex") and flag(source):
            del part["use_regex"]


# ---------------------------------------------------------------- comparing

def become_quiet():
    """For the process that the library runs in: where it panics it says so at length, and it may take all memory there is."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def library_results(document, texts):
    """Ids, or why the library has none."""
    made = Tokenizer.from_str(document)
    results = []
    for text in texts:
        try:
            results.append(made.encode(text, add_special_tokens=False).ids)
        except BaseException as error:  # noqa: B036  (what the library raises where it panics is no Exception)
            if isinstance(error, KeyboardInterrupt):
                raise
            results.append(f"{error}".splitlines()[0])
    return results


def reason(message):
    """A refusal without what is particular to one file."""
    return re.sub(r"\[\d+\]", "[…]", re.sub(r"^tokenizer\.json: ", "", message))


def drawn(count, seed):
    source = random.Random(seed)
    for _ in range(count):
        document, expected, pieces = tokenizer(source)
        texts = FIXED + [random_text(source, pieces) for _ in range(TEXTS - len(FIXED))]
        yield json.dumps(document, ensure_ascii=False), expected, texts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    cases = list(drawn(arguments.count, arguments.seed))
    requests = "".join(json.dumps({"tokenizer": document, "texts": texts}) + "\n" for document, _, texts in cases)
    run = subprocess.run([arguments.program], input=requests, capture_output=True, text=True)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode != 0 or len(answers) != len(cases):
        sys.exit(f"{arguments.program} ended with {run.returncode} after {len(answers)} of {len(cases)} tokenizers\n{run.stderr}")

    library = concurrent.futures.ProcessPoolExecutor(1, initializer=become_quiet)
    refused, failed, compared, texts_compared, wrong = collections.Counter(), collections.Counter(), 0, 0, []
    for number, ((document, expected, texts), answer) in enumerate(zip(cases, answers)):
        if "refused" in answer:
            refused[reason(answer["refused"])] += 1
            if expected is None or expected not in answer["refused"]:
                wrong.append((number, document, None, f"refused: {answer['refused']}", expected or "to be read"))
            continue
        if expected is not None:
            wrong.append((number, document, None, "read", f"refused: {expected}"))
            continue
        compared += 1
        try:
            results = library.submit(library_results, document, texts).result()
        except concurrent.futures.process.BrokenProcessPool:
            sys.exit(f"the library ended the process on tokenizer {number}: {document}")
        for text, found, theirs in zip(texts, answer["results"], results):
            if isinstance(theirs, str):
                failed[re.sub(r"\d+", "…", theirs)] += 1
                continue
            texts_compared += 1
            if found.get("ids") != theirs:
                wrong.append((number, document, text, found.get("ids", found.get("error")), theirs))
    library.shutdown()

    print(f"{compared} of {len(cases)} tokenizers compared, on {texts_compared} texts; {sum(refused.values())} refused, seed {arguments.seed}")
    for text, count in refused.most_common():
        print(f"  refused {count}: {text!a}")
    for text, count in failed.most_common():
        print(f"  the library failed on {count} texts: {text!a}")
    for number, document, text, found, expected in wrong[:20]:
        print(f"DIFFERENT, tokenizer {number}, {text!a}:\n  found    {found}\n  expected {expected}")
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        for place, (number, document, text, _, _) in enumerate(wrong):
            (arguments.keep / f"{place}-tokenizer.json").write_text(document, encoding="utf-8")
            (arguments.keep / f"{place}-text.json").write_text(json.dumps(text))
    if wrong:
        sys.exit(f"{len(wrong)} differences, in {len({w[0] for w in wrong})} tokenizers")
    if sum(failed.values()) * 50 > texts_compared:
        sys.exit("the library failed on more than 2 % of the texts: too few are compared")
    if arguments.count >= COUNT and compared < LEAST_COMPARED:
        sys.exit(f"{compared} tokenizers compared, expected at least {LEAST_COMPARED}")


if __name__ == "__main__":
    main()
