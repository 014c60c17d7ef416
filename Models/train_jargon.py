"""Make the small language model `jargon-6m` from the Jargon File.

One run goes from the Debian package to the finished directory: it cleans and
splits the text, trains the tokenizer, trains a small Llama, writes everything
in the Hugging Face layout and prints the held-out perplexity.

What it needs:

    apt-get install jargon-text
    pip install torch==2.13.0+cpu numpy tokenizers safetensors

(the `+cpu` build comes from PyTorch's own package index; the ordinary build of
the same version serves as well). Then, from the repository root:

    python Models/train_jargon.py

It takes about a quarter of an hour on two idle cores of an AMD EPYC, and
longer on cores that other programs use too.

The split of the text
    The File is cut into documents: every lexicon entry is one, every chapter
    of the introduction and of the appendices another. A hash of the entry's
    head word puts it in one of three parts:
        held-out     7 % of the entries: never trained on, never selected on;
        validation   3 % of the entries: chooses the checkpoint that is kept;
        training     everything else, the chapters included.
    The calibration text is the first 300 kB of whole training entries, in an
    order given by the same hash.

Determinism
    All random choices come from one seed. Two runs on the same kind of
    processor with the same library versions and thread count give the same
    model; another processor may round sums differently and then ends nearby.
"""

import argparse
import gzip
import hashlib
import json
import math
import random
import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
import torch.nn.functional as functional
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn

END_OF_TEXT = "<|endoftext|>"
END_OF_TEXT_IDENTIFIER = 0

NO_BREAK_SPACE = "\u00a0"

FILL_COLUMNS = 75
"""Ordinary paragraphs of the File are filled to this width."""

BODY_INDENT = "   "
"""Ordinary paragraphs of the File begin with this indent."""

HELD_OUT_PERCENT = 7.0
VALIDATION_PERCENT = 3.0
CALIBRATION_BYTES = 300_000

EVALUATION_WINDOW = 256


# ---------------------------------------------------------------------------
# The text
# ---------------------------------------------------------------------------


@dataclass
class Document:
    """One lexicon entry (with its head word) or one chapter (without)."""

    head_word: str | None
    text: str


def read_package_text(path: Path) -> str:
    """The File as Debian ships it, decoded, with plain line ends and plain spaces."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(NO_BREAK_SPACE, " ")


def split_into_blocks(text: str) -> list[list[str]]:
    """Runs of non-empty lines, trailing spaces removed."""
    blocks: list[list[str]] = []
    current: list[str] = []
    for line in text.split("\n") + [""]:
        if line.strip():
            current.append(line.rstrip())
        elif current:
            blocks.append(current)
            current = []
    return blocks


def is_filled_paragraph(lines: list[str]) -> bool:
    """Whether each line break is there only because the next word did not fit."""
    for line in lines:
        if not line.startswith(BODY_INDENT) or line[len(BODY_INDENT)] == " ":
            return False
    for line, following in zip(lines, lines[1:]):
        if len(line) + 1 + len(following.split()[0]) <= FILL_COLUMNS:
            return False
    return True


def block_text(lines: list[str]) -> str:
    """A filled paragraph as one line; anything else keeps its own layout."""
    if is_filled_paragraph(lines):
        return " ".join(line.strip() for line in lines)
    return "\n".join(line.removeprefix(BODY_INDENT) for line in lines)


def is_drawn_table(lines: list[str]) -> bool:
    """Whether the block is a table made of box-drawing characters."""
    return any("\u2500" <= character <= "\u257f" for line in lines for character in line)


def entry_head_word(lines: list[str]) -> str | None:
    """The head word when the block opens a lexicon entry (`:head: n.`)."""
    match = re.match(r"   :(\S.*?):(?: |$)", lines[0])
    return match.group(1) if match else None


def is_chapter_title(lines: list[str]) -> bool:
    return re.match(r"(Chapter|Appendix) \w+\. |Glossary$|Bibliography$", lines[0]) is not None


def listed_names(blocks: list[list[str]]) -> set[str]:
    """What the tables of contents list: every head word and every section letter."""
    heads = {head for head in map(entry_head_word, blocks) if head}
    letters = {chr(code) for code in range(ord("A"), ord("Z") + 1)} | {"0"}
    return heads | letters


def is_listing(lines: list[str], names: set[str]) -> bool:
    """Whether the block is one row of a table of contents, or that table's title."""
    if len(lines) != 1:
        return False
    row = lines[0].strip()
    return row in names or row == "Table of Contents"


def split_into_documents(text: str) -> list[Document]:
    """The File's chapters and entries in order; tables and listings left out."""
    blocks = split_into_blocks(text)
    names = listed_names(blocks)
    documents: list[Document] = []
    parts: list[str] = []
    head_word: str | None = None

    def close_document() -> None:
        if parts:
            documents.append(Document(head_word, "\n\n".join(parts)))
            parts.clear()

    for lines in blocks:
        if is_drawn_table(lines) or is_listing(lines, names):
            continue
        new_head_word = entry_head_word(lines)
        if new_head_word or is_chapter_title(lines) or lines[0].strip().startswith("Part I"):
            close_document()
            head_word = new_head_word
        parts.append(block_text(lines))
    close_document()
    return documents


def hash_fraction(word: str) -> float:
    """A number in [0, 1) that depends on the word only."""
    digest = hashlib.sha256(word.lower().encode("utf-8")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


@dataclass
class SplitText:
    training: list[Document]
    validation: list[Document]
    held_out: list[Document]


def split_documents(documents: list[Document]) -> SplitText:
    """The three parts, by the hash of the head word; chapters go to training."""
    split = SplitText([], [], [])
    for document in documents:
        percent = 100.0 if document.head_word is None else 100.0 * hash_fraction(document.head_word)
        if percent < HELD_OUT_PERCENT:
            split.held_out.append(document)
        elif percent < HELD_OUT_PERCENT + VALIDATION_PERCENT:
            split.validation.append(document)
        else:
            split.training.append(document)
    return split


def check_split(split: SplitText) -> None:
    """Stop if any held-out or validation entry also stands in the training part."""
    training_texts = {document.text for document in split.training}
    training_heads = {d.head_word.lower() for d in split.training if d.head_word}
    for document in split.held_out + split.validation:
        assert document.text not in training_texts, document.head_word
        assert document.head_word.lower() not in training_heads, document.head_word


def join_documents(documents: list[Document]) -> str:
    return "\n\n".join(document.text for document in documents) + "\n"


def calibration_documents(training: list[Document]) -> list[Document]:
    """Whole training entries, hash order, until the calibration size is reached."""
    entries = [document for document in training if document.head_word]
    entries.sort(key=lambda document: (hash_fraction(document.head_word), document.text))
    chosen: list[Document] = []
    size = 0
    for document in entries:
        if size >= CALIBRATION_BYTES:
            break
        chosen.append(document)
        size += len(document.text.encode("utf-8")) + 2
    return chosen


def write_texts(split: SplitText, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    calibration = join_documents(calibration_documents(split.training))
    (directory / "calibration.txt").write_text(calibration, encoding="utf-8", newline="\n")
    (directory / "held-out.txt").write_text(join_documents(split.held_out), encoding="utf-8", newline="\n")


# ---------------------------------------------------------------------------
# The tokenizer
# ---------------------------------------------------------------------------


def train_tokenizer(documents: list[Document], vocabulary_size: int) -> Tokenizer:
    """A byte-level BPE tokenizer that keeps every digit apart."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([join_documents(documents)], trainer)
    assert tokenizer.token_to_id(END_OF_TEXT) == END_OF_TEXT_IDENTIFIER
    return tokenizer


def encode(tokenizer: Tokenizer, text: str) -> torch.Tensor:
    return torch.tensor(tokenizer.encode(text).ids, dtype=torch.long)


# ---------------------------------------------------------------------------
# The model
# ---------------------------------------------------------------------------


@dataclass
class Shape:
    vocabulary: int = 4096
    hidden: int = 256
    layers: int = 6
    intermediate: int = 768
    heads: int = 4
    key_value_heads: int = 2
    positions: int = 1024
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5

    @property
    def head(self) -> int:
        return self.hidden // self.heads


class RootMeanSquareNorm(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.hidden))
        self.epsilon = shape.norm_epsilon

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        wide = states.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon)
        return wide * scale * self.weight


def rotation_tables(shape: Shape) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of the rotary position angles, one row a position."""
    exponents = torch.arange(0, shape.head, 2, dtype=torch.float32) / shape.head
    frequencies = 1.0 / shape.rope_base**exponents
    angles = torch.outer(torch.arange(shape.positions, dtype=torch.float32), frequencies)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(states: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
    """Turn each pair (component i, component i + half) by its position's angle."""
    first, second = states.chunk(2, dim=-1)
    return states * cosines + torch.cat([-second, first], dim=-1) * sines


class Attention(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        key_value_width = shape.key_value_heads * shape.head
        self.q_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.k_proj = nn.Linear(shape.hidden, key_value_width, bias=False)
        self.v_proj = nn.Linear(shape.hidden, key_value_width, bias=False)
        self.o_proj = nn.Linear(shape.hidden, shape.hidden, bias=False)

    def forward(self, states: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
        batch, length, _ = states.shape

        def by_head(projected: torch.Tensor) -> torch.Tensor:
            return projected.view(batch, length, -1, self.shape.head).transpose(1, 2)

        queries = rotate(by_head(self.q_proj(states)), cosines, sines)
        keys = rotate(by_head(self.k_proj(states)), cosines, sines)
        values = by_head(self.v_proj(states))
        sharing = self.shape.heads // self.shape.key_value_heads
        keys = keys.repeat_interleave(sharing, dim=1).to(values.dtype)
        values = values.repeat_interleave(sharing, dim=1)
        mixed = functional.scaled_dot_product_attention(
            queries.to(values.dtype), keys, values, is_causal=True
        )
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, -1))


class FeedForward(nn.Module):
    def __init__(self, shape: Shape):
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.intermediate, bias=False)
        self.down_proj = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return self.down_proj(functional.silu(self.gate_proj(states)) * self.up_proj(states))


class Layer(nn.Module):
    def __init__(self, shape: Shape, dropout: float):
        super().__init__()
        self.input_layernorm = RootMeanSquareNorm(shape)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = RootMeanSquareNorm(shape)
        self.mlp = FeedForward(shape)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor) -> torch.Tensor:
        attended = self.self_attn(self.input_layernorm(states), cosines, sines)
        states = states + self.dropout(attended)
        return states + self.dropout(self.mlp(self.post_attention_layernorm(states)))


class Decoder(nn.Module):
    """Everything but the output head; its names are those of the checkpoint."""

    def __init__(self, shape: Shape, dropout: float):
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.norm = RootMeanSquareNorm(shape)


class Llama(nn.Module):
    """A Llama decoder whose output head is its embedding table."""

    def __init__(self, shape: Shape, dropout: float):
        super().__init__()
        self.shape = shape
        self.model = Decoder(shape, dropout)
        self.dropout = nn.Dropout(dropout)
        cosines, sines = rotation_tables(shape)
        self.register_buffer("cosines", cosines, persistent=False)
        self.register_buffer("sines", sines, persistent=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        length = tokens.shape[1]
        cosines, sines = self.cosines[:length], self.sines[:length]
        states = self.dropout(self.model.embed_tokens(tokens))
        for layer in self.model.layers:
            states = layer(states, cosines, sines)
        return functional.linear(self.model.norm(states), self.model.embed_tokens.weight)


def initialise(model: Llama) -> None:
    """Small normal weights; smaller still where a layer writes to the residual."""
    residual_scale = 1.0 / math.sqrt(2 * model.shape.layers)
    for name, parameter in model.named_parameters():
        if parameter.dim() < 2:
            continue
        writes_residual = name.endswith(("o_proj.weight", "down_proj.weight"))
        nn.init.normal_(parameter, std=0.02 * (residual_scale if writes_residual else 1.0))


# ---------------------------------------------------------------------------
# Training
# ---------------------------------------------------------------------------


@dataclass
class Recipe:
    seed: int = 20031229
    steps: int = 1600
    warm_up_steps: int = 150
    cosine_steps: int = 2800
    cool_down_origin: int = 1300
    cool_down_start: int = 1336
    window: int = 512
    windows_per_step: int = 4
    peak_rate: float = 1.5e-3
    final_rate: float = 1.5e-5
    weight_decay: float = 0.3
    dropout: float = 0.1
    gradient_limit: float = 1.0
    steps_between_validations: int = 100
    separator_share: float = 0.125
    """Share of the document ends that carry the end-of-text token."""


def epoch_text(documents: list[Document], choices: random.Random, separator_share: float) -> str:
    """The training text in a fresh document order.

    Most documents are parted by an empty line alone, as in the texts that the
    project evaluates; some carry the end-of-text token too, so that the model
    knows both.
    """
    order = list(documents)
    choices.shuffle(order)
    pieces: list[str] = []
    for document in order:
        pieces.append(document.text + "\n\n")
        if choices.random() < separator_share:
            pieces.append(END_OF_TEXT)
    return "".join(pieces)


def training_batches(tokenizer: Tokenizer, documents: list[Document], recipe: Recipe):
    """Endless batches of windows; each pass over the text shuffles it anew."""
    choices = random.Random(recipe.seed)
    waiting: list[torch.Tensor] = []
    while True:
        tokens = encode(tokenizer, epoch_text(documents, choices, recipe.separator_share))
        offset = choices.randrange(recipe.window)
        windows = list(tokens[offset:].unfold(0, recipe.window + 1, recipe.window))
        choices.shuffle(windows)
        waiting.extend(windows)
        while len(waiting) >= recipe.windows_per_step:
            yield torch.stack(waiting[: recipe.windows_per_step])
            del waiting[: recipe.windows_per_step]


def cosine_rate(step: int, recipe: Recipe) -> float:
    """Half a cosine from the peak rate down to the final rate."""
    progress = (step - recipe.warm_up_steps) / (recipe.cosine_steps - recipe.warm_up_steps)
    swing = 0.5 * (1.0 + math.cos(math.pi * progress))
    return recipe.final_rate + (recipe.peak_rate - recipe.final_rate) * swing


def learning_rate(step: int, recipe: Recipe) -> float:
    """Linear warm-up, the first half of a long cosine, then a straight cool-down.

    The cool-down line runs from the cosine's rate at `cool_down_origin` to the
    final rate at the last step; training joins it at `cool_down_start`, with a
    small step down.
    """
    if step < recipe.warm_up_steps:
        return recipe.peak_rate * (step + 1) / recipe.warm_up_steps
    if step < recipe.cool_down_start:
        return cosine_rate(step, recipe)
    share = (step - recipe.cool_down_origin) / (recipe.steps - recipe.cool_down_origin)
    start = cosine_rate(recipe.cool_down_origin, recipe)
    return start + (recipe.final_rate - start) * share


def make_optimizer(model: Llama, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW; only the linear layers decay, the embedding and the norms do not."""
    decaying, free = [], []
    for name, parameter in model.named_parameters():
        (decaying if name.endswith("proj.weight") else free).append(parameter)
    groups = [
        {"params": decaying, "weight_decay": recipe.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=recipe.peak_rate, betas=(0.9, 0.98), fused=True)


def training_loss(model: Llama, windows: torch.Tensor) -> torch.Tensor:
    """Mean loss of a batch; products and attention run in bfloat16, the loss in float32."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(windows[:, :-1])
    return functional.cross_entropy(logits.float().flatten(0, 1), windows[:, 1:].flatten())


@torch.no_grad()
def mean_loss(model: Llama, tokens: torch.Tensor) -> float:
    """Mean loss over tokens 2..L of consecutive windows of L tokens, in float32.

    A last, incomplete window is left out.
    """
    model.eval()
    total, count = 0.0, 0
    for batch in tokens.unfold(0, EVALUATION_WINDOW, EVALUATION_WINDOW).split(16):
        logits = model(batch)[:, :-1].flatten(0, 1)
        total += functional.cross_entropy(logits, batch[:, 1:].flatten(), reduction="sum").item()
        count += logits.shape[0]
    return total / count


def copy_weights(model: Llama) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def train(model: Llama, batches, validation_tokens: torch.Tensor, recipe: Recipe) -> None:
    """Train the model in place and leave it with its best validated weights."""
    optimizer = make_optimizer(model, recipe)
    best_loss, best_weights = math.inf, copy_weights(model)
    recent: list[float] = []
    start = time.monotonic()
    for step in range(recipe.steps):
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, recipe)
        loss = training_loss(model, next(batches))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.gradient_limit)
        optimizer.step()
        recent.append(loss.item())
        if (step + 1) % recipe.steps_between_validations and step + 1 != recipe.steps:
            continue
        validation_loss = mean_loss(model, validation_tokens)
        is_best = validation_loss < best_loss
        if is_best:
            best_loss, best_weights = validation_loss, copy_weights(model)
        print(
            f"step {step + 1:5d}  training loss {numpy.mean(recent):.4f}"
            f"  validation loss {validation_loss:.4f}{' *' if is_best else '  '}"
            f"  {time.monotonic() - start:6.0f} s",
            flush=True,
        )
        recent.clear()
    model.load_state_dict(best_weights)


# ---------------------------------------------------------------------------
# The finished directory
# ---------------------------------------------------------------------------


def model_configuration(shape: Shape) -> dict:
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": END_OF_TEXT_IDENTIFIER,
        "eos_token_id": END_OF_TEXT_IDENTIFIER,
        "head_dim": shape.head,
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "initializer_range": 0.02,
        "intermediate_size": shape.intermediate,
        "max_position_embeddings": shape.positions,
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.key_value_heads,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_scaling": None,
        "rope_theta": shape.rope_base,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": shape.vocabulary,
    }


def tokenizer_configuration(shape: Shape) -> dict:
    end_of_text = {
        "content": END_OF_TEXT,
        "lstrip": False,
        "normalized": False,
        "rstrip": False,
        "single_word": False,
        "special": True,
    }
    return {
        "added_tokens_decoder": {str(END_OF_TEXT_IDENTIFIER): end_of_text},
        "bos_token": END_OF_TEXT,
        "clean_up_tokenization_spaces": False,
        "eos_token": END_OF_TEXT,
        "model_max_length": shape.positions,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }


def write_json(value: dict, path: Path) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8", newline="\n")


def write_model(model: Llama, tokenizer: Tokenizer, directory: Path) -> None:
    """Configuration, tokenizer and bfloat16 weights in the Hugging Face layout."""
    directory.mkdir(parents=True, exist_ok=True)
    write_json(model_configuration(model.shape), directory / "config.json")
    write_json(tokenizer_configuration(model.shape), directory / "tokenizer_config.json")
    tokenizer.save(str(directory / "tokenizer.json"))
    weights = {name: value.to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
    save_file(weights, directory / "model.safetensors", metadata={"format": "pt"})
    (directory / "model.safetensors").chmod(0o644)


def read_model(directory: Path, shape: Shape) -> Llama:
    """The written weights, widened to float32."""
    model = Llama(shape, dropout=0.0)
    weights = load_file(directory / "model.safetensors")
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    return model


def report_perplexity(name: str, model: Llama, tokens: torch.Tensor) -> None:
    loss = mean_loss(model, tokens)
    windows = len(tokens) // EVALUATION_WINDOW
    print(f"{name}: mean loss {loss:.4f}, perplexity {math.exp(loss):.3f} ({windows} windows of {EVALUATION_WINDOW} tokens)")


# ---------------------------------------------------------------------------
# The command
# ---------------------------------------------------------------------------


def read_arguments() -> argparse.Namespace:
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Make the model jargon-6m from the Jargon File.")
    parser.add_argument("--text", type=Path, default=Path("/usr/share/doc/jargon-text/jargon.txt.gz"),
                        help="the File as the Debian package jargon-text installs it")
    parser.add_argument("--output", type=Path, default=here / "jargon-6m", help="the directory to write")
    parser.add_argument("--steps", type=int, default=Recipe.steps, help="training steps (fewer for a trial)")
    parser.add_argument("--threads", type=int, default=2, help="processor threads")
    return parser.parse_args()


def main() -> None:
    arguments = read_arguments()
    shape, recipe = Shape(), Recipe(steps=arguments.steps)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(recipe.seed)

    split = split_documents(split_into_documents(read_package_text(arguments.text)))
    check_split(split)
    write_texts(split, arguments.output / "texts")

    tokenizer = train_tokenizer(split.training, shape.vocabulary)
    training_tokens = encode(tokenizer, join_documents(split.training))
    validation_tokens = encode(tokenizer, join_documents(split.validation))
    for name in ("training", "validation", "held_out"):
        documents = getattr(split, name)
        text = join_documents(documents)
        print(f"{name}: {len(documents)} documents, {len(text.encode('utf-8'))} bytes, "
              f"{len(encode(tokenizer, text))} tokens")

    model = Llama(shape, recipe.dropout)
    initialise(model)
    print(f"parameters: {sum(parameter.numel() for parameter in model.parameters())}")
    train(model, training_batches(tokenizer, split.training, recipe), validation_tokens, recipe)
    write_model(model, tokenizer, arguments.output)

    finished = read_model(arguments.output, shape)
    report_perplexity("training", finished, training_tokens)
    report_perplexity("validation", finished, validation_tokens)
    held_out_text = (arguments.output / "texts" / "held-out.txt").read_text(encoding="utf-8")
    report_perplexity("held-out", finished, encode(tokenizer, held_out_text))


if __name__ == "__main__":
    main()
