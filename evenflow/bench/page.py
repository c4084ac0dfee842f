"""Page: the suite `detectors` as Markdown that people read; it says nothing of the machine."""

from evenflow.bench.changes import CHANGES
from evenflow.bench.detectors import DetectorBench, default_minutes
from evenflow.bench.figures import TABLES

EXPLAINED = {
    "found": (
        "A defect is *found* if the report has a finding of 2 JND or more that overlaps the "
        "planted frames (three frames of slack) and that the same clip without the defect does "
        "not have. Strength 1 is made to be barely visible, 3 clear, 5 ruins the shot."
    ),
    "named": (
        "It is *named* if the most severe of these findings has the planted kind, or one that the "
        "same pixels are just as much (the planted truth lists those)."
    ),
    "names": "Strengths 3 to 5. `cut` means a new cut and no finding, `nothing` neither.",
    "confusion": "The same as a matrix: rows are planted, columns, numbered like the rows, named.",
    "separation": (
        "A clip scores the largest severity that its report gives the kind, anywhere, after all "
        "arbitration. The table has the chance that a clip with the defect scores higher than one "
        "without (AUROC, ties count half); clips without are all clean ones and the legal "
        "look-alikes below. Intervals are a bootstrap over clips. The last column compares with "
        "clips that have another defect: it falls where one defect is reported as two."
    ),
    "where": (
        "Of the plants of strengths 3 to 5 that were named right. A box is right if it overlaps "
        "the true one at the worst frame by an intersection over union of .2, or has its center "
        "in it and at most four times its area, or if it overlaps the box around all true places "
        "during the finding by that much; no box is a miss."
    ),
    "sizes": (
        "Spearman's correlation of strength with the severity given to the right name, over the "
        "five strengths of one plant at one time and place, mean over clips; a kind that is not "
        "named has severity 0. The middle columns are the median severity. *One finding*: of the "
        "found plants of strengths 3 to 5, those that raise no other new finding of 2 JND."
    ),
    "local": (
        "So far the injector chose the place, or the kind takes the whole picture. Here each kind "
        "was given a box, a quarter to a half of each side. These plants are not counted above: "
        "in one place of the picture, some kinds truly look like another one."
    ),
    "alarms": "Findings on clean footage, by kind; a cut inside a single shot counts as clear.",
    "controls": (
        "Clips that look as if they had a defect and have none. Counted are findings that the "
        "same clip has not before it is changed."
    ),
    "invariance": (
        "Points by which the score moves; on clips with a planted defect also whether it still "
        "has its name."
    ),
    "stillness": (
        "A clip with less in it must not look better. Its score may never be above its source's."
    ),
}
"""What stands below the question of each table."""


def page(bench: DetectorBench) -> str:
    """The whole page, ending in a line break."""
    settings = bench.settings
    lines = [
        "# How well defects are found, named and told from what is legal",
        "",
        f"{_summary(bench)} Measured on {bench.date} at `{bench.commit}`, seed "
        f"{settings['seed']}; `{command(bench)}` makes this page.",
        "",
    ]
    if settings["quick"]:
        lines += ["**A quick run: it shows that the bench works; its figures prove nothing.**", ""]
    lines += [
        "## The figures that matter",
        "",
        "Where nothing else is said, over planted defects of strengths 3 to 5 and all kinds. "
        "Brackets are 95 % intervals.",
        "",
        bench.headline.without("value").to_markdown(),
    ]
    for name, (question, _) in TABLES.items():
        table = bench.tables[name]
        if len(table):
            lines += ["", f"## {question}", "", EXPLAINED[name], "", table.to_markdown()]
        elif name == "alarms":
            lines += ["", f"## {question}", "", "Nothing."]
    lines += _missing(bench)
    lines += _method(bench)
    return "\n".join(lines) + "\n"


def command(bench: DetectorBench) -> str:
    """What to type to get the same figures."""
    settings = bench.settings
    words = ["evenflow bench detectors", f"--set {settings['footage']}"]
    if settings["folder"]:
        words.append("--clips DIR")
    if settings["kinds"] is not None:
        words.append(f"--kinds {','.join(settings['kinds'])}")
    steps = settings["strengths"]
    if steps != [1, 2, 3, 4, 5] and not settings["quick"]:
        words.append(f"--strengths {','.join(map(str, steps))}")
    words.append(f"--seed {settings['seed']}")
    if settings["rounds"] != 1:
        words.append(f"--rounds {settings['rounds']}")
    if settings["minutes"] != default_minutes(quick=settings["quick"], kinds=settings["kinds"]):
        words.append(f"--minutes {settings['minutes']:g}")
    if settings["quick"]:
        words.append("--quick")
    return " ".join(words)


def _summary(bench: DetectorBench) -> str:
    kinds = {plant["kind"] for plant in bench.plants}
    count = sum(not plant["place_given"] for plant in bench.plants)
    clips = len(bench.settings["clips"])
    judging = {
        "judging": "that no threshold was tuned on",
        "development": "that thresholds were tuned on, so the figures flatter",
    }.get(bench.settings["footage"], "of a folder")
    return (
        f"{count} defects of {len(kinds)} kinds were planted at random times in {clips} clips "
        f"{judging}, and looked for by `evenflow check`."
    )


def _missing(bench: DetectorBench) -> list[str]:
    lines: list[str] = []
    by_reason: dict[str, list[str]] = {}
    for kind, reason in bench.not_judged.items():
        by_reason.setdefault(reason, []).append(f"`{kind}`")
    for reason, kinds in by_reason.items():
        lines.append(
            f"- Not planted at all, because `check` cannot judge it ({reason}): {', '.join(kinds)}."
        )
    for kind, (count, reason) in bench.passed_over.items():
        lines.append(f"- `{kind}` was not planted in {_clips(count)}: {reason}.")
    for name, (count, reason) in bench.refused.items():
        title = CHANGES[name].meaning if name in CHANGES else f"`{name}`"
        times = "once" if count == 1 else f"{count} times"
        lines.append(f"- {title}: refused {times}, for instance because {reason}.")
    if bench.failures:
        broken = f"- {_clips(len(bench.failures))} broke the check and are in no figure, "
        lines.append(f"{broken}for instance {bench.failures[0]}.")
    return ["", "## What was left out", "", *lines] if lines else []


def _clips(count: int) -> str:
    return "1 clip" if count == 1 else f"{count} clips"


def _placing(bench: DetectorBench) -> str:
    ends = (
        "Kinds that leave something changed run to the end of the clip, the others for about a "
        "second."
    )
    if bench.settings["quick"]:
        return f"- Each kind is planted at each strength in one clip, and once in the other. {ends}"
    return (
        "- Each kind is planted at every strength, at one time and place, in three clips, and at "
        "one or two strengths in each other clip: four plants or more of each strength. " + ends
    )


def _method(bench: DetectorBench) -> list[str]:
    clips = ", ".join(f"`{name}`" for name in bench.settings["clips"])
    return [
        "",
        "## How it was measured",
        "",
        f"- Clips: {clips}; at most 150 frames and 360 lines each. Those named after a picture are "
        "photographs of scikit-image under a smooth known camera with a little grain, so they "
        "have no defect at all; more of them, moved in other ways, fill up the clean minutes.",
        _placing(bench),
        "- A kind is not planted in a clip of which the report says beforehand that the kind "
        "cannot be judged there.",
        "- Shares have Wilson intervals, everything else a percentile bootstrap with 1000 draws "
        "of clips, because plants in one clip are not independent.",
        "- Plants, times, places and draws depend on the seed, the clip and the kind alone, and "
        "`check` gives one report for one clip on any number of threads.",
    ]
