"""The peers: sequences, levels, runs that can be cut short, tables; with stand-ins for the tool and for a peer."""

from __future__ import annotations

import json
import pathlib
import re
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from harness.runs import RunError
from harness.variant import Text, digest
from peers import environments, running
from peers.__main__ import cells
from peers.calibration import draw
from peers.files import block_of
from peers.figures import figures, write_figures
from peers.levels import Levels, LevelsError, check, most_levels
from peers.running import Used, Work, Workplace, known, run_all
from peers.settings import OUR_VARIANTS, PEERS, Entry, Peer, entries
from peers.tables import failures_table, results_table

TOKENS = np.arange(1000, dtype=np.int32)

# Measures as the real tool does, as far as anyone looks; quantizes to four values in each group of 64.
TOOL = """#!/usr/bin/env python3
import json, os, shutil, sys
here = os.path.abspath(__file__)
for _ in range(3):  # it runs as a copy, two directories further down
    here = os.path.dirname(here)
print(sys.argv[1], file=open(here + "/calls", "a"))
if sys.argv[1] == "quantize":
    shutil.copytree(here + "/quantized", sys.argv[3])
else:
    interval = {"low": 0.25, "mean": 0.5, "high": 0.75}
    likelihoods = {"perplexity": 10.0, "windowLogLikelihoods": [-1.0, -2.0]}
    print(json.dumps({"original": likelihoods, "windows": 2, "windowLength": 3, "variants": [
        likelihoods | {"perplexity": 12.5, "excess": interval, "divergence": interval, "windowDivergences": [0.5, 0.5]}]}))
"""

# A runner: copies what the test has prepared, and says that a part of its time does not count.
RUNNER = """
import json, pathlib, shutil, sys
job = json.loads(pathlib.Path(sys.argv[1]).read_text())
print("bits", job["bits"], job["options"])
if job["options"].get("fails"):
    sys.exit("the peer does not like this machine")
output = pathlib.Path(job["output"])
shutil.copytree(pathlib.Path(job["model"]).parent / job["options"].get("gives", "quantized"), output)
output.with_suffix(".uncounted").write_text(json.dumps({"wallSeconds": 1000.0, "cpuSeconds": 2000.0}))
"""


def test_sequences_are_drawn_by_their_seed() -> None:
    drawn = draw(TOKENS, 32, 512, seed=1)
    assert drawn.shape == (32, 512) and drawn.dtype == np.int32
    assert np.all(np.diff(drawn, axis=1) == 1)  # each a run of the text
    assert len(set(drawn[:, 0].tolist())) > 16  # from all over it
    assert np.array_equal(drawn, draw(TOKENS, 32, 512, seed=1))
    assert not np.array_equal(drawn, draw(TOKENS, 32, 512, seed=2))
    # The last place of all can be drawn, and no later one.
    assert {int(row[-1]) for row in draw(TOKENS, 200, 998, seed=0)} == {997, 998, 999}


def test_a_text_that_is_too_short_for_a_sequence() -> None:
    with pytest.raises(ValueError, match="the text has 1000 tokens, expected at least 1001"):
        draw(TOKENS, 1, 1001, seed=0)


def quantized(rows: int, columns: int, values: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Each group of 64 columns of a row has its own scale and takes all of `values` values."""
    random = np.random.default_rng(seed)
    codes = np.resize(np.arange(values), (rows, columns // 64, 64))
    scales = random.uniform(0.5, 2, (rows, columns // 64, 1))
    return np.asarray(random.permuted(codes, axis=-1) * scales, np.float32).reshape(rows, columns)


def test_values_are_counted_within_groups() -> None:
    weight = quantized(8, 192, values=8)
    assert most_levels(weight, 64) == 8
    assert most_levels(weight, 192) > 8  # scales differ from group to group
    weight[3, 70] = 77
    assert most_levels(weight, 64) == 9


def test_groups_need_not_be_neighbours() -> None:
    weight, order = quantized(8, 128, values=8), np.random.default_rng(1).permutation(128)
    groups = np.repeat(np.arange(2, dtype=np.int32), 64)[order]
    assert most_levels(weight[:, order], 64) > 8
    assert most_levels(weight[:, order], 64, groups) == 8
    with pytest.raises(LevelsError, match=r"128 inputs in groups of \[63, 65\], expected groups of 64"):
        most_levels(weight, 64, np.repeat(np.arange(2, dtype=np.int32), [63, 65]))
    with pytest.raises(LevelsError, match="100 inputs do not make whole groups of 64"):
        most_levels(weight[:, :100], 64)


def test_a_model_is_what_its_bits_say() -> None:
    norm = np.ones(4, np.float32)
    original = {"a.q_proj.weight": np.zeros((128, 128), np.float32), "norm.weight": norm}
    along_inputs = {"a.q_proj.weight": quantized(128, 128, values=8), "norm.weight": norm}
    along_outputs = {"a.q_proj.weight": quantized(128, 128, values=8).T, "norm.weight": norm}
    assert check(original, along_inputs, 3, 64) == Levels(1, 0, 8)
    assert check(original, along_outputs, 3, 64, either_direction=True) == Levels(0, 1, 8)
    with pytest.raises(LevelsError, match="a.q_proj.weight has a group of 8 values, expected at most 4"):
        check(original, along_inputs, 2, 64)
    with pytest.raises(LevelsError, match="a.q_proj.weight has a group of .* values, expected at most 8"):
        check(original, along_outputs, 3, 64)
    with pytest.raises(LevelsError, match="norm.weight is not a layer to quantize, and is changed"):
        check(original, along_inputs | {"norm.weight": norm * 2}, 3, 64)
    with pytest.raises(LevelsError, match="other tensors: extra"):
        check(original, along_inputs | {"extra": norm}, 3, 64)
    with pytest.raises(LevelsError, match=r"a.q_proj.weight is \[128, 64\], expected \[128, 128\]"):
        check(original, along_inputs | {"a.q_proj.weight": np.zeros((128, 64), np.float32)}, 3, 64)
    with pytest.raises(LevelsError, match="no layer to quantize"):
        check({"norm.weight": norm}, {"norm.weight": norm}, 3, 64)


def model(directory: pathlib.Path, values: int) -> None:
    directory.mkdir()
    save_file({"a.q_proj.weight": quantized(8, 128, values)}, directory / "model.safetensors")


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    (tmp_path / "tool").write_text(TOOL)
    (tmp_path / "tool").chmod(0o755)
    (tmp_path / "runner.py").write_text(RUNNER)
    (tmp_path / "text").write_text("text")
    for name, values in (("model", 64), ("quantized", 8), ("broken", 9)):
        model(tmp_path / name, values)
    (tmp_path / "requirements").write_text("# why\nstand-in==1.5\n")
    monkeypatch.setattr(environments, "python", lambda peer, directory: pathlib.Path(sys.executable))
    monkeypatch.setattr(environments, "requirements", lambda peer: tmp_path / "requirements")

    def write_sequences(*arguments: Any) -> pathlib.Path:
        file: pathlib.Path = arguments[-1]
        file.write_text(f"seed {arguments[-2]}")
        return file
    monkeypatch.setattr(running, "write_sequences", write_sequences)
    return tmp_path


def workplace(place: pathlib.Path) -> Workplace:
    texts = (Text("text", place / "text", 2),)
    return Workplace(place / "work", place / "tool", Work(place / "model", place / "text", texts, 2, 3, threads=1),
                     place / "environments")


def peer(place: pathlib.Path) -> Peer:
    return Peer("stand-in", "stand-in", str(place / "runner.py"), {
        "plain": {}, "failing": {"fails": True}, "broken": {"gives": "broken"}})


def calls(place: pathlib.Path) -> list[str]:
    return (place / "calls").read_text().splitlines()


def test_a_second_run_does_what_is_missing(place: pathlib.Path) -> None:
    chosen = [Entry(None, "per-OC", 3, 0), Entry(peer(place), "plain", 3, 0)]
    there = workplace(place)
    run_all(chosen, there)
    first, failures = known(chosen, there)
    assert failures == []
    assert calls(place) == ["quantize", "compare", "compare"]
    assert [re.sub("[0-9a-f]{8}", "KEY", file.name) for file in sorted(there.results.iterdir())] == [
        "adadim-per-oc-3-bits-seed-0-KEY.json", "stand-in-plain-3-bits-seed-0-KEY.json"]
    assert list(there.outputs.iterdir()) == []
    more = [*chosen, Entry(peer(place), "plain", 3, 1)]
    run_all(more[2:], there)
    second, _ = known(more, there)
    assert second[:2] == first
    assert calls(place)[3:] == ["compare"]
    assert (first[1]["peer"], first[1]["version"], second[2]["seed"]) == ("stand-in", "1.5", 1)
    assert first[1]["levels"] == {"along_inputs": 1, "along_outputs": 0, "most": 8}


def test_time_that_is_not_the_peers_is_left_out(place: pathlib.Path) -> None:
    result = workplace(place).run(Entry(peer(place), "plain", 3, 0))
    assert -1000 <= result["wallSeconds"] < -900
    assert -2000 <= result["cpuSeconds"] < -1900
    assert Used(5.0, 7.0).less(Used(1.0, 2.0)) == Used(4.0, 5.0)


def test_results_of_other_work_are_not_taken(place: pathlib.Path) -> None:
    there, entry, own = workplace(place), Entry(peer(place), "plain", 3, 0), Entry(None, "fast", 3, 0)
    run_all([entry, own], there)
    # The tool only measures what a peer made. What runs is a copy: a build meanwhile changes nothing.
    (place / "tool").write_text(TOOL + "# another build\n")
    digest.cache_clear()
    assert there.kept(entry) is not None and there.kept(own) is not None
    there.lock.close()
    later = workplace(place)
    assert later.kept(entry) is not None and later.kept(own) is None
    for changed in (replace(later.work, threads=2), replace(later.work, sequences=3), replace(later.work, length=4),
                    replace(later.work, texts=(Text("text", place / "text", 1),)),
                    replace(later.work, calibration=place / "tool"), replace(later.work, model=place / "quantized")):
        before, later.work = later.work, changed
        assert later.kept(entry) is None, changed
        later.work = before
    for file in ("requirements", "runner.py"):
        said = (place / file).read_text()
        (place / file).write_text(said + "# changed\n")
        digest.cache_clear()
        assert later.kept(entry) is None
        (place / file).write_text(said)
    digest.cache_clear()
    assert later.kept(entry) is not None


def test_results_of_other_work_are_kept_side_by_side(place: pathlib.Path) -> None:
    there, chosen = workplace(place), [Entry(peer(place), "plain", 3, 0), Entry(peer(place), "failing", 3, 0)]
    for threads in (1, 2):
        there.work = replace(there.work, threads=threads)
        run_all(chosen, there)
    assert len(list(there.results.glob("*.json"))) == len(list(there.results.glob("*.failure"))) == 2
    for threads in (1, 2):
        there.work = replace(there.work, threads=threads)
        (found,), failures = known(chosen, there)
        assert found["threads"] == threads and len(failures) == 1


def test_a_peer_that_fails_keeps_nobody_from_running(place: pathlib.Path) -> None:
    there = workplace(place)
    chosen = [Entry(peer(place), variant, 3, 0) for variant in ("failing", "broken", "plain")]
    run_all(chosen, there)
    results, failures = known(chosen, there)
    assert [result["variant"] for result in results] == ["plain"]
    assert failures[0]["reason"].endswith("the peer does not like this machine") and "key" not in failures[0]
    assert failures[1]["reason"] == (
        "stand-in broken, 3 bits, seed 0: a.q_proj.weight has a group of 9 values, expected at most 8")
    assert list(there.outputs.iterdir()) == []
    assert "bits 3 {'fails': True}" in (there.directory / "log/stand-in-failing-3-bits-seed-0.txt").read_text()


def test_two_runs_do_not_share_a_directory(place: pathlib.Path) -> None:
    there = workplace(place)
    with pytest.raises(RunError, match="another run works here"):
        workplace(place)
    there.lock.close()


def result(**changes: Any) -> dict[str, Any]:
    interval = {"low": 0.4, "mean": 0.5, "high": 0.62}
    text = {"perplexity": 12.5, "excess": interval, "divergence": {"low": -0.01, "mean": -0.001, "high": 0.01}, "windows": 2,
            "windowLength": 3, "windowLogLikelihoods": [-1.0, -2.0], "windowDivergences": [0.5, 0.5],
            "original": {"name": "/a/path", "perplexity": 10.0, "windowLogLikelihoods": [-1.0, -1.0]}}
    return {"peer": "stand-in", "variant": "plain", "version": "1.5", "bits": 3, "seed": 0, "wallSeconds": 61.23,
            "cpuSeconds": 119.8, "threads": 2, "levels": {}, "texts": {"jargon": text}, "judge": "abc", "machine": "m",
            "key": {}} | changes


def test_the_table() -> None:
    head, rule, row = results_table([result()]).splitlines()
    assert head == ("| quantizer | variant | bits | seed | jargon: perplexity | jargon: excess | jargon: divergence "
                    "| seconds | CPU seconds |")
    assert rule.startswith("| :-- | :-- | --: |")
    assert row == "| stand-in | plain | 3 | 0 | 12.50 | 0.500 ± 0.110 | −0.001 ± 0.010 | 61 | 120 |"


def test_the_table_of_what_did_not_run() -> None:
    failure = {"peer": "stand-in", "variant": "plain", "bits": 3, "seed": 0, "reason": "first words\nlast | words\n"}
    assert failures_table([failure]).splitlines()[-1] == "| stand-in | plain | 3 | 0 | last / words |"


def test_figures_have_what_is_said_of_them(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "measured/peers.json"
    write_figures(file, [result(), result(seed=1)], [])
    content = json.loads(file.read_text())
    assert content == figures([result(), result(seed=1)], [])
    assert content["original"]["jargon"] == {"perplexity": 10.0, "windowLogLikelihoods": [-1.0, -1.0]}
    entry = content["entries"][1]
    assert (entry["peer"], entry["seed"], entry["wallSeconds"]) == ("stand-in", 1, 61.23)
    assert entry["texts"]["jargon"]["excess"]["mean"] == 0.5 and "key" not in entry
    assert len(file.read_text().splitlines()) - file.read_text().splitlines().index(' "entries": [') == 4


def test_figures_are_not_thinned_unseen(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "peers.json"
    write_figures(file, [result(), result(seed=1)], [])
    before = file.read_text()
    with pytest.raises(RunError, match="1 of its figures would be gone, such as stand-in plain, 3 bits, seed 1. .*--replace"):
        write_figures(file, [result(), result(bits=4)], [])
    assert file.read_text() == before
    write_figures(file, [result()], [], replace=True)
    assert len(json.loads(file.read_text())["entries"]) == 1


def test_builds_that_judge_otherwise_do_not_come_into_one_table() -> None:
    other = result(seed=1)
    other["texts"]["jargon"]["original"] = {"perplexity": 10.0, "windowLogLikelihoods": [-1.0, -1.1]}
    with pytest.raises(ValueError, match="stand-in plain, seed 1 was judged by a build that judges otherwise"):
        figures([result(), other], [])


def test_tensors_belong_to_blocks() -> None:
    names = ("model.layers.12.mlp.up_proj.weight", "model.norm.weight", "model.embed_tokens.weight", "lm_head.weight")
    assert [block_of(name) for name in names] == [12, -1, -1, -1]


def test_entries_are_all_different_and_named_apart() -> None:
    every = list(entries())
    assert len({entry.file_name for entry in every}) == len(every)
    assert [entry.variant for entry in entries([(3, 0)], only=["adadim"])] == list(OUR_VARIANTS)
    assert cells("3:0,4:1") == [(3, 0), (4, 1)]


def test_every_peer_is_pinned() -> None:
    for each in PEERS:
        lines = environments.requirements(each).read_text().splitlines()
        assert lines[0].startswith("# ")
        assert all("==" in line for line in lines[1:])
        assert environments.version(each) in environments.requirements(each).read_text()
        assert "torch==2.13.0+cpu" in lines
        assert (environments.HERE / "runners" / each.runner).exists()
