"""The expressions of `--where`: against an evaluator of their own, and against hostile text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenflow.core.errors import BadInput
from evenflow.data.row import Row
from evenflow.data.where import parse_where

ROW = Row(
    "a", "a.mp4", 'a red ball, "rolling"', num_frames=49, width=640, height=360, split="val",
    scores={"motion": 0.25, "softness": -1.5}, marks={"black": "0.2 s"},
    extra={"rating": 5, "nsfw": False, "author": "Ada"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("motion >= 0.2 and not duplicate", True),
        ("motion >= 0.2 and not black", False),
        ("0.2 <= motion < 0.3", True),
        ("0.2 <= motion < 0.25", False),
        ("softness < -1", True),
        ("softness < +1e2", True),
        ("split == 'val'", True),
        ('split in ("train", "test")', False),
        ('split not in ("train", "test")', True),
        ("num_frames in (49, 81)", True),
        ('caption has "RED BALL"', True),
        (r'caption has "\"rolling\""', True),
        ("width >= 640 and height >= 360 or motion > 100", True),
        ("mark.black and score.motion > 0 and extra.rating == 5", True),
        ("not (black or motion < 0.1)", False),
        ("nsfw", False),
        ("not nsfw", True),
        ("nsfw == false", True),
        ("known motion and not known fps", True),
        ("author == 'Ada'", True),
        ("not not motion > 0", True),
        ("license", False),
    ],
)
def test_what_is_taken(text, taken):
    assert parse_where(text)(ROW) is taken


def test_what_a_row_does_not_know_is_never_taken_by_a_comparison_nor_by_its_opposite():
    assert parse_where("sharpness > 3").test(ROW) is None
    assert not parse_where("sharpness > 3")(ROW)
    assert not parse_where("not sharpness > 3")(ROW)
    assert parse_where("sharpness > 3 or motion > 0")(ROW)
    assert parse_where("not (sharpness > 3 and motion < 0)")(ROW)  # one false is enough


def test_kinds_that_cannot_be_compared_are_unknown():
    assert parse_where("split > 3").test(ROW) is None
    assert parse_where("split < 'x'").test(ROW) is None
    assert parse_where("black > 0").test(ROW) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("motion >", "ends"),
        ("motion >= 0.2 and", "ends"),
        ("(motion > 1", "')' is expected"),
        ("motion > 1)", "not expected"),
        ("3", "alone"),
        ("motion + 1 > 2", "not expected"),
        ("__import__('os')", "not expected"),
        ("motion.__class__ > 1", "before the dot"),
        ("scores.motion > 1", "before the dot"),
        ("a = 1", "is nothing that is known"),
        ("caption has motion", "followed by a text"),
        ("split in ('a', motion)", "not names"),
        ("split in ()", "expected"),
        ("1e999 < motion", "too large"),
        ("'unclosed", "nothing that is known"),
        ("lambda: 1", "nothing that is known"),
        ("motion; 1", "nothing that is known"),
        ("not " * 500 + "black", "nested"),
        ("(" * 500 + "black" + ")" * 500, "nested"),
        ("black and " * 2000 + "black", "characters"),
    ],
)
def test_what_is_no_expression_is_told_in_one_line(text, says):
    with pytest.raises(BadInput, match=r"^[^\n]*$") as error:
        parse_where(text)
    assert says in str(error.value)


def test_a_number_alone_is_no_condition():
    with pytest.raises(BadInput, match="motion is a number"):
        parse_where("motion")(ROW)


def test_names_that_nothing_has_are_told_with_what_comes_near():
    with pytest.raises(BadInput, match="did you mean motion"):
        parse_where("moton > 1").check([ROW])
    parse_where("not duplicate and motion > 1").check([ROW], marks=["duplicate"])
    parse_where("fps > 1").check([ROW])


@given(st.text(max_size=80))
def test_any_text_is_understood_or_refused(text):
    message = ""
    try:
        parse_where(text)
    except BadInput as error:
        message = str(error)
    assert "\n" not in message


@given(
    st.lists(
        st.sampled_from(
            ["motion", "black", "known", "not", "and", "or", "(", ")", "<", "==", "in", ",", "'a'",
             "1", "-", "has", "true", "split", "."]
        ),
        max_size=14,
    )
)  # fmt: skip
def test_any_mix_of_words_is_understood_or_refused(words):
    try:
        where = parse_where(" ".join(words))
        where(ROW)
    except BadInput:
        pass


NUMBERS = {"a": 1.0, "b": 2.0, "c": None}
leaves = st.one_of(
    st.tuples(st.just("mark"), st.sampled_from(["m", "n"])),
    st.tuples(
        st.just("compare"), st.sampled_from("abc"), st.sampled_from(["<", ">=", "==", "!="]),
        st.integers(-3, 3),
    ),
)  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=12,
)


def written(tree):
    if tree[0] == "mark":
        return tree[1]
    if tree[0] == "compare":
        return f"{tree[1]} {tree[2]} {tree[3]}"
    if tree[0] == "not":
        return f"not ({written(tree[1])})"
    return f"({written(tree[1])}) {tree[0]} ({written(tree[2])})"


def meant(tree):
    """Kleene's logic by numbers: true 1, unknown 0, false -1."""
    if tree[0] == "mark":
        return 1 if tree[1] == "m" else -1
    if tree[0] == "compare":
        value, other = NUMBERS[tree[1]], tree[3]
        if value is None:
            return 0
        true = {"<": value < other, ">=": value >= other, "==": value == other}
        return 1 if true.get(tree[2], value != other) else -1
    if tree[0] == "not":
        return -meant(tree[1])
    return (min if tree[0] == "and" else max)(meant(tree[1]), meant(tree[2]))


@settings(max_examples=200)
@given(trees)
def test_every_expression_means_what_three_valued_logic_says(tree):
    scores = {name: value for name, value in NUMBERS.items() if value is not None}
    row = Row("a", "a.mp4", scores=scores, marks={"m": "set"})
    assert parse_where(written(tree)).test(row) is {1: True, 0: None, -1: False}[meant(tree)]
