"""World page: the suite `detectors` on scenes as Markdown; it says nothing of the machine."""

from evenflow.bench.detectors import SEED
from evenflow.bench.figures import TABLES
from evenflow.bench.page import EXPLAINED
from evenflow.bench.scenes import SCENES
from evenflow.bench.world import MINUTES, PIXEL_SCENES, SCENES_A_CONTROL, SCENES_A_KIND, WorldBench

GAP = (
    "Strengths 3 to 5. The same kinds, planted in the states of the scenes (bodies, light, camera: "
    "shadows and occlusion follow) and by the pixel injectors into the very same clean clips. The "
    "gap is the figure of the states less that of the pixels: where it is far below 0, the "
    "detector knows the injector and not the defect. The two are not equally strong by "
    "construction: each has its own ladder from barely visible to ruined."
)
PLACES = (
    "Median intersection over union in time and share of right boxes of what was named at "
    "strengths 3 to 5, and Spearman's correlation of strength with named severity."
)


def page(bench: WorldBench) -> str:
    """The whole page, ending in a line break."""
    settings = bench.settings
    lines = [
        "# How well defects in scenes are found",
        "",
        f"{_summary(bench)} Measured on {bench.date} at `{bench.commit}`, seed "
        f"{settings['seed']}; `{command(bench)}` makes this page. How the same detectors do on "
        "photographs and footage is in [detectors.md](detectors.md), what is planted in "
        "[world_defects.md](world_defects.md).",
        "",
    ]
    if settings["quick"]:
        lines += ["**A quick run: it shows that the bench works; its figures prove nothing.**", ""]
    lines += [
        "## The figures that matter",
        "",
        "Defects in states, strengths 3 to 5, all kinds. Brackets are 95 % intervals.",
        "",
        bench.headline.without("value").to_markdown(),
    ]
    if len(bench.gap):
        lines += ["", "## What lies between states and pixels?", "", GAP, ""]
        lines += [bench.gap.to_markdown(), "", PLACES, "", bench.places.to_markdown()]
    for name, table in bench.tables.items():
        if len(table):
            lines += ["", f"## {TABLES[name][0]}", "", EXPLAINED[name], "", table.to_markdown()]
        elif name == "alarms":
            lines += ["", f"## {TABLES[name][0]}", "", "Nothing."]
    if len(bench.pixels):
        lines += [
            "",
            "## The same figures for defects in the pixels of these clips",
            "",
            bench.pixels.without("value").to_markdown(),
        ]
    return "\n".join([*lines, *_missing(bench), *_method(bench)]) + "\n"


def command(bench: WorldBench) -> str:
    """What to type to get the same figures."""
    settings = bench.settings
    words = ["evenflow bench detectors --world", f"--set {settings['footage']}"]
    if settings["kinds"] is not None:
        words.append(f"--kinds {','.join(settings['kinds'])}")
    if settings["strengths"] != [1, 2, 3, 4, 5] and not settings["quick"]:
        words.append(f"--strengths {','.join(map(str, settings['strengths']))}")
    if settings["seed"] != SEED:
        words.append(f"--seed {settings['seed']}")
    if settings["rounds"] != 1:
        words.append(f"--rounds {settings['rounds']}")
    usual = 0.0 if settings["quick"] or settings["kinds"] is not None else MINUTES
    if settings["minutes"] != usual:
        words.append(f"--minutes {settings['minutes']:g}")
    if settings["quick"]:
        words.append("--quick")
    return " ".join(words)


def _summary(bench: WorldBench) -> str:
    kinds = {plant["kind"] for plant in bench.plants}
    told = {
        "judging": "that no threshold was tuned on",
        "development": "that thresholds were tuned on, so the figures flatter",
    }[bench.settings["footage"]]
    width, height = bench.settings["size"]
    return (
        f"{len(bench.plants)} defects of {len(kinds)} kinds were planted in the states of "
        f"{len(bench.settings['clips'])} scenes of {width} x {height} pixels {told}, and looked "
        "for by `evenflow check`."
    )


def _missing(bench: WorldBench) -> list[str]:
    lines: list[str] = []
    for kind, reason in bench.not_judged.items():
        lines.append(f"- `{kind}` was not planted, because `check` cannot judge it: {reason}.")
    if bench.invisible:
        each = ", ".join(f"`{kind}` {count}" for kind, count in bench.invisible.items())
        lines.append(f"- Planted where nobody could see it, and no positives: {each}.")
    for name, (count, reason) in bench.refused.items():
        times = "once" if count == 1 else f"{count} times"
        lines.append(f"- `{name}`: refused {times}, for instance because {reason}.")
    if bench.failures:
        count = len(bench.failures)
        clips = "1 clip" if count == 1 else f"{count} clips"
        lines.append(
            f"- {clips} broke the check and are in no figure, for instance {bench.failures[0]}."
        )
    return ["", "## What was left out", "", *lines] if lines else []


def _method(bench: WorldBench) -> list[str]:
    row, other = SCENES[bench.settings["footage"]], "development"
    if bench.settings["footage"] == "development":
        other = "judging"
    styles = ", ".join(f"`{style}`" for style in row.styles)
    places = ", ".join(f"`{name}`" for name in sorted(row.backgrounds))
    lines = [
        f"- Scenes of the presets `story` (styles {styles}; backgrounds {places}) and `lab`, 3 to "
        f"3.3 seconds at 24 frames a second. The set `{other}` has other seeds, styles and "
        "backgrounds, and each judging scene has a motion (a jump, a throw, somebody who carries "
        "something...) of which development has none.",
        "- Clean scenes show nothing on purpose that looks like a defect; what does is among the "
        "look-alikes, which are checked with their captions as `--prompt`, as are the kinds that "
        "need one. Everything else is checked without a prompt.",
        "- What of a defect cannot be seen (fewer than 25 pixels that differ by more than 2/255 in "
        "every frame) is no positive.",
    ]
    rounds = bench.settings["rounds"]
    if not bench.settings["quick"]:
        lines.append(
            f"- Each kind is planted in {rounds * SCENES_A_KIND} scenes that can carry it, in "
            f"{rounds} of them at every strength and in the others at one; in the pixels at the "
            f"strengths 3 to 5 in {rounds * PIXEL_SCENES}. Each look-alike is made of "
            f"{rounds * SCENES_A_CONTROL}."
        )
    lines.append(
        "- Shares have Wilson intervals, everything else a percentile bootstrap with 1000 draws of "
        "clips. Times, carriers and draws depend on the seed, the scene and the kind alone."
    )
    return ["", "## How it was measured", "", *lines]
