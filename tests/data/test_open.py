"""Every layout opens, whatever its files and columns are called, and nothing outside is touched."""

import csv
import io
import json
import subprocess
import sys
import tarfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import evenflow as ef
from evenflow.core.errors import BackendMissing, BadInput, UnreadableVideo
from evenflow.data.columns import ALIASES, row_from, row_to
from evenflow.data.files import kept
from evenflow.data.joined import Joined
from evenflow.data.layouts import LAYOUTS
from evenflow.data.open import open_dataset
from evenflow.data.row import Row


def picture_clip(seed: int, frames: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (frames, 16, 24, 3), dtype=np.uint8)


def put(path: Path, seed: int = 0, frames: int = 4, fps: int = 12) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = picture_clip(seed, frames)
    ef.write(ef.Clip(ef.ArraySource(array, Fraction(fps))), path)
    return array


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return {name: put(folder / f"{name}.mkv", i) for i, name in enumerate("ab")} | {"at": folder}


def copy(clips, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((clips["at"] / f"{name}.mkv").read_bytes())


def same(source, index: int, array: np.ndarray) -> bool:
    return np.array_equal(source.clip(source.row(index)).frames(), array)


ODD = ["a b.mkv", "ä–日本.mkv", "-rf.mkv", "100%#1.mkv", "x.y.MKV", "deep/er/'q'.mkv"]


def test_same_stem_text_is_the_caption_whatever_the_names(tmp_path, clips):
    for name in ODD:
        copy(clips, "a", tmp_path / name)
        (tmp_path / name).with_suffix(".txt").write_text(f"\ufeff{name} \n", encoding="utf-8")
    copy(clips, "b", tmp_path / "silent.mkv")
    (tmp_path / ".hidden.mkv").write_bytes(b"")
    source = open_dataset(tmp_path)
    assert {row.path: row.caption for row in source} == {
        **{name: name for name in ODD}, "silent.mkv": "",
    }  # fmt: skip
    assert len({row.key for row in source}) == len(source) == 7
    for i, row in enumerate(source):
        assert same(source, i, clips["b" if row.key == "silent" else "a"])


def test_captions_json_counts_where_there_is_no_text(tmp_path, clips):
    copy(clips, "a", tmp_path / "a.mkv")
    copy(clips, "b", tmp_path / "b.mkv")
    (tmp_path / "b.txt").write_text("own")
    (tmp_path / "captions.json").write_text('{"a.mkv": ["one", "two"], "b.mkv": "other"}')
    a, b = open_dataset(tmp_path)
    assert (a.caption, a.captions) == ("one", {"0": "one", "1": "two"})
    assert b.caption == "own"


@pytest.mark.parametrize("names", [("videos.txt", "prompts.txt"), ("video.txt", "caption.txt")])
def test_line_lists(tmp_path, clips, names):
    copy(clips, "a", tmp_path / "sub" / "a.mkv")
    copy(clips, "b", tmp_path / "b.mkv")
    (tmp_path / names[0]).write_text("sub/a.mkv\nb.mkv\n\n")
    (tmp_path / names[1]).write_text("first\nsecond, with commas\n")
    source = open_dataset(tmp_path)
    assert [row.caption for row in source] == ["first", "second, with commas"]
    assert same(source, 0, clips["a"]) and same(source, 1, clips["b"])
    (tmp_path / names[1]).write_text("first\n")
    with pytest.raises(BadInput, match=r"2 lines and .* 1"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("path", ALIASES["path"])
@pytest.mark.parametrize("caption", ALIASES["caption"])
def test_every_alias_names_the_same_column(path, caption):
    row = row_from({f" {path.upper()}": "v/a.mp4", caption: " a ball "})
    assert (row.path, row.caption, row.key) == ("v/a.mp4", "a ball", "v/a")


TABLE = [
    {"file_name": "a.mkv", "text": 'a "red", ball\nrolls', "fps": 12, "num_frames": 4, "mood": "x"},
    {"file_name": "b.mkv", "text": "ein Würfel", "fps": 12, "num_frames": 4, "mood": ""},
]


def written(kind: str) -> str:
    if kind == "json":
        return json.dumps(TABLE)
    if kind == "jsonl":
        return "".join(json.dumps(line) + "\n" for line in TABLE)
    out = io.StringIO()
    table = csv.DictWriter(out, list(TABLE[0]), delimiter="\t" if kind == "tsv" else ",")
    table.writeheader()
    table.writerows(TABLE)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "jsonl"])
def test_tables_say_the_same_in_every_format(tmp_path, clips, kind):
    for name in "ab":
        copy(clips, name, tmp_path / f"{name}.mkv")
    (tmp_path / f"metadata.{kind}").write_bytes(written(kind).encode("utf-8-sig"))
    for where in (tmp_path, tmp_path / f"metadata.{kind}"):
        source = open_dataset(where)
        first, second = source
        assert first.caption == 'a "red", ball\nrolls' and second.caption == "ein Würfel"
        assert (first.fps, first.num_frames) == (Fraction(12), 4)
        assert first.extra == {"mood": "x"} and second.extra == {}
        assert same(source, 0, clips["a"]) and same(source, 1, clips["b"])


def test_parquet_is_read_or_says_what_to_install(tmp_path, clips):
    copy(clips, "a", tmp_path / "a.mkv")
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        (tmp_path / "metadata.parquet").write_bytes(b"PAR1")
        with pytest.raises(BackendMissing, match="pip install pyarrow"):
            open_dataset(tmp_path)
        return
    pq.write_table(
        pa.Table.from_pylist([{"path": "a.mkv", "text": "x"}]), tmp_path / "metadata.parquet"
    )
    assert [row.caption for row in open_dataset(tmp_path)] == ["x"]


def test_what_a_table_lists_wrongly_is_an_entry_and_the_rest_is_used(tmp_path, clips):
    copy(clips, "a", tmp_path / "data" / "a.mkv")
    copy(clips, "b", tmp_path / "secret.mkv")
    lines = [
        '{"path": "a.mkv", "caption": "good"}',
        '{"path": "gone.mkv"}',
        '{"path": "../secret.mkv"}',
        json.dumps({"path": str(tmp_path / "secret.mkv")}),
        '{"caption": "no path"}',
        "not json",
        '{"path": "a.mkv", "fps": "fast"}',
        '{"path": "a.mkv", "scores": ' + "[" * 100_000,
        json.dumps({"path": str(tmp_path / "data" / "a.mkv")}),
    ]
    (tmp_path / "data" / "metadata.jsonl").write_text("\n".join(lines))
    source = open_dataset(tmp_path / "data")
    marks = [next(iter(row.marks), "good") for row in source]
    assert marks == [
        "good", "missing", "outside", "outside", "broken", "broken", "broken", "broken", "good",
    ]  # fmt: skip
    for row in source:
        for line in row.marks.values():
            assert "\n" not in line
            with pytest.raises(UnreadableVideo) as told:
                source.clip(row)
            assert str(told.value) == line
    assert same(source, 0, clips["a"]) and same(source, 8, clips["a"])
    wider = open_dataset(tmp_path / "data" / "metadata.jsonl", base=tmp_path)
    assert not [
        row
        for row in wider
        if "outside" in row.marks and "secret" in row.path and ".." not in row.path
    ]


def test_a_link_out_of_the_folder_is_refused_unless_the_base_holds_both(tmp_path, clips):
    copy(clips, "a", tmp_path / "disk" / "a.mkv")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.mkv").symlink_to(tmp_path / "disk" / "a.mkv")
    assert "outside" in open_dataset(tmp_path / "set").row(0).marks
    wider = open_dataset(tmp_path / "set", base=tmp_path)
    assert wider.row(0).path == "set/a.mkv" and same(wider, 0, clips["a"])


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "file:///etc/passwd", "a\0b"])
def test_paths_that_leave_are_refused(tmp_path, path):
    with pytest.raises(BadInput):
        kept(tmp_path, path)


def test_columns_survive_a_round_trip():
    row = Row(
        "k", "v/a.mp4", "c", {"L0": "x"}, 12, Fraction(30000, 1001), 64, 48, 0.5, 2.0, 1, "s", "l",
        "train", "h", {"motion": 0.25}, {"black": "why"}, {"mood": [1, {"a": None}]}, 0.4,
    )  # fmt: skip
    assert row_from(json.loads(json.dumps(row_to(row)))) == row
    assert row_from(row_to(Row("k", "p.mp4"))) == Row("k", "p.mp4")


def test_frame_folders(tmp_path):
    made = {}
    for i, name in enumerate(["one", "deep/two"]):
        made[name] = picture_clip(i)
        (tmp_path / name).mkdir(parents=True)
        ef.write(ef.Clip(ef.ArraySource(made[name], Fraction(10))), tmp_path / name / "f_%03d.png")
    (tmp_path / "one.txt").write_text("said beside")
    (tmp_path / "deep" / "two" / "caption.txt").write_text("said inside")
    (tmp_path / "deep" / "two" / "fps.txt").write_text("8\n")
    source = open_dataset(tmp_path)
    rows = {row.key: row for row in source}
    assert rows["one"].caption == "said beside" and rows["deep/two"].caption == "said inside"
    assert all(row.num_frames == 4 for row in source)
    assert source.clip(rows["deep/two"]).info.fps == 8
    for name, array in made.items():
        assert np.array_equal(source.clip(rows[name]).frames(), array)
    (alone,) = open_dataset(tmp_path / "one")
    assert alone.key == "one"


def pack(path: Path, members: list[tuple[str, bytes]], **kinds: bytes) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if name in kinds:
                info.type, info.size, info.linkname = kinds[name], 0, "/etc/passwd"
            tar.addfile(info, io.BytesIO(data))


ODD_TAR = "a,b:c %20 ü'.tar"


def test_tars_are_streamed_from_where_they_lie(tmp_path, clips):
    data = {name: (clips["at"] / f"{name}.mkv").read_bytes() for name in "ab"}
    pack(
        tmp_path / ODD_TAR,
        [
            ("0001.mkv", data["a"]),
            ("0001.txt", b"ein Ball"),
            ("0001.json", b'{"fps": 12, "video": "/etc/passwd", "mood": 3}'),
            ("0001.cls", b"7"),
            ("sub/0001.mkv", data["b"]),
            ("sub/0001.json", b'{"caption": "from json"}'),
            ("sub/0001.seg.png", b"bytes"),
            ("lonely.txt", b"no video"),
        ],
    )
    pack(tmp_path / "s-001.tar", [("0001.mkv", data["b"])])
    odd = open_dataset(tmp_path / ODD_TAR)
    assert same(odd, 0, clips["a"]) and same(odd, 1, clips["b"])
    (tmp_path / ODD_TAR).rename(tmp_path / "s-000.tar")
    source = open_dataset(tmp_path / "s-000.tar")
    assert [row.key for row in source] == ["0001", "sub/0001", "lonely"]
    first, second, third = source
    assert first.caption == "ein Ball" and first.extra == {"mood": 3, "cls": 7}
    assert second.caption == "from json" and source.content(second, "seg.png") == b"bytes"
    assert "broken" in third.marks
    assert same(source, 0, clips["a"]) and same(source, 1, clips["b"])
    clip = source.clip(second)
    assert np.array_equal(clip.frames(2, 4), clips["b"][2:4])
    assert clip.warnings == () and clip.info.name == "0001.mkv"
    both = open_dataset(tmp_path / "s-{000..001}.tar")
    assert [row.key for row in both] == [
        "s-000/0001", "s-000/sub/0001", "s-000/lonely", "s-001/0001",
    ]  # fmt: skip
    assert [row.key for row in open_dataset(tmp_path)] == [row.key for row in both]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s-000.tar", "s-001.tar"]


@pytest.mark.parametrize("name", ["../a.mkv", "/a.mkv", "x/../../a.mkv"])
def test_a_tar_that_leaves_itself_is_refused(tmp_path, name):
    pack(tmp_path / "t.tar", [("good.mkv", b"x"), (name, b"x")])
    with pytest.raises(BadInput, match="refused"):
        open_dataset(tmp_path / "t.tar")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_a_tar_with_links_or_devices_is_refused(tmp_path, kind):
    pack(tmp_path / "t.tar", [("a", b"")], a=kind)
    with pytest.raises(BadInput, match="refused"):
        open_dataset(tmp_path / "t.tar")


def test_tars_that_are_cut_off_or_compressed_say_so(tmp_path, clips):
    pack(tmp_path / "t.tar", [("a.mkv", (clips["at"] / "a.mkv").read_bytes())])
    whole = (tmp_path / "t.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:900])
    with pytest.raises(BadInput, match="cut"):
        open_dataset(tmp_path / "cut.tar")
    with tarfile.open(tmp_path / "z.tar", "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("a.txt"), io.BytesIO())
    with pytest.raises(BadInput, match="compressed"):
        open_dataset(tmp_path / "z.tar")


def test_lists_of_datasets_carry_repeats_or_weights(tmp_path, clips):
    copy(clips, "a", tmp_path / "one" / "a.mkv")
    copy(clips, "b", tmp_path / "two" / "a.mkv")
    (tmp_path / "list.toml").write_text(
        '[[dataset]]\npath = "one"\nrepeats = 3\n'
        '[[dataset]]\npath = "two"\nname = "second"\n[[dataset]]\npath = "world:lab?n=5&seed=2"\n'
    )
    source = open_dataset(tmp_path / "list.toml")
    assert isinstance(source, Joined) and len(source) == 7
    assert [part.repeats for part in source.parts] == [3, 1, 1]
    assert [row.key for row in source][:3] == ["one/a", "second/a", "world_lab/lab_000000002"]
    assert same(source, 1, clips["b"])
    assert source.row(6).key == "world_lab/lab_000000006" and source.row(6).caption
    (tmp_path / "list.yaml").write_text("datasets:\n- {path: one, weight: 1}\n- two\n")
    with pytest.raises(BadInput, match="weight"):
        open_dataset(tmp_path / "list.yaml")
    (tmp_path / "bomb.yaml").write_text("- &a {path: one}\n- *a\n")
    with pytest.raises(BadInput, match="aliases"):
        open_dataset(tmp_path / "bomb.yaml")
    (tmp_path / "musubi.toml").write_text(
        "[general]\nresolution = [960, 544]\n"
        '[[datasets]]\nvideo_directory = "one"\nnum_repeats = 2\n'
    )
    assert open_dataset(tmp_path / "musubi.toml").parts[0].repeats == 2
    (tmp_path / "self.toml").write_text('[[dataset]]\npath = "self.toml"\n')
    with pytest.raises(BadInput, match="deep"):
        open_dataset(tmp_path / "self.toml")


def test_a_sequence_is_its_datasets_one_after_the_other(tmp_path, clips):
    copy(clips, "a", tmp_path / "x" / "a.mkv")
    copy(clips, "b", tmp_path / "y" / "x" / "a.mkv")
    source = open_dataset([tmp_path / "x", tmp_path / "y" / "x"])
    assert [row.key for row in source] == ["x/a", "x-2/a"]
    assert same(source, 0, clips["a"]) and same(source, 1, clips["b"])
    rows = open_dataset([Row("k", "x/a.mkv")], base=tmp_path)
    assert same(rows, 0, clips["a"])
    with pytest.raises(BadInput, match="base"):
        open_dataset([Row("k", "x/a.mkv")])


def test_truth_actions_and_cameras_beside_a_clip_are_found(tmp_path, clips):
    copy(clips, "a", tmp_path / "a.mkv")
    (tmp_path / "gt" / "a").mkdir(parents=True)
    np.save(tmp_path / "a.actions.npy", np.zeros((4, 10), np.float32))
    (tmp_path / "a.camera.txt").write_text("")
    (row,) = source = open_dataset(tmp_path)
    assert row.extra == {"gt": "gt/a", "actions": "a.actions.npy", "camera": "a.camera.txt"}
    assert source.content(row, "actions")[:6] == b"\x93NUMPY"
    assert source.beside(row, "gt") == tmp_path / "gt" / "a"


def test_a_stretch_of_a_file_is_a_clip_of_its_own(tmp_path):
    array = put(tmp_path / "a.mkv", 3, frames=12)
    (tmp_path / "metadata.jsonl").write_text(
        '{"path": "a.mkv", "t0": 0.25, "t1": 0.75, "shot": 0}\n{"path": "a.mkv", "t0": 0.75}\n'
        '{"path": "a.mkv", "t0": 9}\n'
    )
    source = open_dataset(tmp_path)
    assert [row.key for row in source] == ["a", "a#1", "a#2"]
    assert same(source, 0, array[3:9]) and same(source, 1, array[9:])
    times = [frame.time for frame in source.clip(source.row(0)).stream(2, 4)]
    assert times == [Fraction(2, 12), Fraction(3, 12)]
    with pytest.raises(UnreadableVideo, match="no frame"):
        source.clip(source.row(2))


def test_scenes_in_a_table_are_drawn(tmp_path):
    (tmp_path / "metadata.jsonl").write_text('{"path": "world:lab?seed=4&frames=9&size=32"}\n')
    source = open_dataset(tmp_path)
    direct = open_dataset("world:lab?seed=4&frames=9&size=32")
    expected = direct.clip(direct.row(0)).frames()
    assert same(source, 0, expected)


def test_what_is_no_dataset_says_what_there_could_be(tmp_path):
    with pytest.raises(BadInput, match=r"WebDataset.*videos.txt|videos.txt.*WebDataset"):
        open_dataset(tmp_path)
    with pytest.raises(BadInput, match="does not exist"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(BadInput):
        open_dataset([])


def test_every_layout_leaves_foreign_folders_alone(tmp_path):
    (tmp_path / "notes.md").write_text("x")
    assert [name for name, one in LAYOUTS.items() if one.claims(tmp_path)] == []


def test_the_door_opens_without_torch(tmp_path):
    code = (
        "import sys; from evenflow.data.open import open_dataset;"
        "rows = open_dataset('world:story?seed=0&n=100000');"
        "assert rows.row(7).caption and len(rows) == 100000;"
        "assert next(iter(rows)).num_frames == 49;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
