"""Runs that end in seconds: a few tiny clips, tiny networks, a few steps."""

from evenflow.train.recipe import Recipe, from_dict

WORLD = "world:flat?seed=0&n=12&frames=5&fps=4&size=16&camera=static"


def tokenizer_recipe(**changes) -> Recipe:
    return from_dict(
        {
            "name": "tiny-tokenizer",
            "task": "tokenizer",
            "data": {
                "source": WORLD, "frames": 5, "size": [16, 16], "fps": "4", "resident": True,
            },
            "net": {"size": "nano", "config": {"widths": [4, 6, 8], "channels": 4}},
            "optimizer": {"adamw": 0.002},
            "schedule": {"steps": 6, "warm_up": 2},
            "average": {"decay": 0.9, "begin": 2},
            "batch": 4,
            "save_every": 100,
            "log_every": 1,
        }
        | changes
    )  # fmt: skip


def generator_recipe(**changes) -> Recipe:
    return from_dict(
        {
            "name": "tiny",
            "task": "generator",
            "data": {
                "source": WORLD, "frames": 5, "size": [16, 16], "fps": "4", "caption": "L1",
                "resident": True,
            },
            "net": {
                "size": "nano",
                "config": {
                    "patch": [1, 1, 1], "actions": 0, "camera": 0, "width": 24, "layers": 2,
                    "heads": 2, "axes": [4, 4, 4], "text_width": 16,
                },
                "tokenizer": "wavelet:16",
                "words": 12,
            },
            "objective": {"block": 1},
            "optimizer": {"adamw": 0.002, "muon": 0.02},
            "schedule": {"steps": 6, "warm_up": 2},
            "average": {"decay": 0.9, "begin": 2},
            "batch": 4,
            "save_every": 100,
            "log_every": 1,
        }
        | changes
    )  # fmt: skip


RECIPES = {"tokenizer": tokenizer_recipe, "generator": generator_recipe}
