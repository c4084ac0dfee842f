"""The closed vocabulary: every word that captions are written with, and what else is understood.

Captions use the words of `VOCABULARY` alone. People may also use the words of `SYNONYMS`, which say
just the same, and any form of a verb or noun; `words` brings all of them to the vocabulary, so that
a tokenizer needs no more. `NEAR` holds words that say something else: they are refused, and the
words beside them are offered.
"""

from evenflow.world import words as world
from evenflow.world.script import Setting

PLACES: dict[str, Setting] = {
    "park": Setting("park", ground="grass", background="hills"),
    "meadow": Setting("meadow", ground="grass", background="mountains"),
    "garden": Setting("garden", ground="grass", background="forest"),
    "playground": Setting("playground", ground="sand", background="city"),
    "forest": Setting("forest", ground="grass", background="forest"),
    "city": Setting("city", ground="asphalt", background="city"),
    "street": Setting("street", ground="asphalt", background="city"),
    "square": Setting("square", ground="tiles", background="city"),
    "yard": Setting("yard", ground="planks", background="hills"),
    "harbor": Setting("harbor", ground="planks", background="sea"),
    "beach": Setting("beach", ground="sand", background="sea"),
    "desert": Setting("desert", ground="sand", background="desert"),
    "mountains": Setting("mountains", ground="snow", background="mountains"),
    "room": Setting("room", ground="planks", background="room"),
    "kitchen": Setting("kitchen", ground="tiles", background="room"),
    "hall": Setting("hall", ground="checker", background="room"),
    "gallery": Setting("gallery", ground="carpet", background="room"),
}
"""Names of places ("in the park"), and what a place of that name looks like where no more is said.
Only the name is said by the name: the rest is for whoever stages it."""

VERBS: dict[str, str] = {
    # verb -> row of EVENTS, or "" where its sentence decides
    "roll": "roll", "slide": "slide", "drop": "drop", "throw": "throw", "fly": "throw",
    "spin": "spin", "rotate": "spin", "swing": "swing", "rise": "rise", "float": "rise",
    "hit": "hit", "bump": "hit", "collide": "hit", "bounce": "bounce", "stop": "stop",
    "fall": "fall", "shatter": "shatter", "break": "shatter", "pass": "pass", "hide": "hide",
    "disappear": "hide", "appear": "appear", "enter": "enter", "exit": "exit", "leave": "exit",
    "walk": "walk", "run": "run", "follow": "follow", "circle": "circle", "turn": "",
    "jump": "jump", "wave": "wave", "sit": "sit", "stand": "", "pick": "pick_up",
    "lift": "pick_up", "put": "put_down", "give": "give", "hand": "give", "carry": "carry",
    "push": "push", "kick": "kick", "change": "change_color", "become": "", "grow": "grow",
    "shrink": "shrink", "cover": "cover", "uncover": "uncover", "lower": "lower",
    "raise": "raise", "open": "open", "close": "close", "dim": "dim", "fade": "dim",
    "brighten": "brighten", "set": "", "go": "", "come": "", "move": "", "get": "", "hold": "",
    "be": "", "lie": "", "wear": "", "stay": "", "orbit": "", "pan": "", "tilt": "", "zoom": "",
    "dolly": "", "track": "", "sink": "", "shake": "", "cut": "",
}  # fmt: skip
"""Every verb of the vocabulary."""

VERB_SYNONYMS: dict[str, str] = {
    "toss": "throw", "hurl": "throw", "whirl": "spin", "strike": "hit",
    "crash": "collide", "halt": "stop", "topple": "fall", "smash": "shatter",
    "vanish": "disappear", "reappear": "appear", "emerge": "appear", "chase": "follow",
    "hop": "jump", "leap": "jump", "grab": "pick", "take": "pick", "place": "put",
    "lay": "put", "bring": "carry", "shove": "push", "reveal": "uncover", "shut": "close",
    "darken": "dim", "rest": "lie", "remain": "stay", "truck": "track", "whip": "pan",
    "glide": "slide", "slip": "slide", "travel": "move", "ascend": "rise",
    "descend": "sink", "depart": "leave", "arrive": "enter", "expand": "grow", "conceal": "cover",
    "jog": "run", "sprint": "run", "stroll": "walk", "rush": "run", "march": "walk",
    "pause": "stop",
    "drive": "move", "wait": "stay", "keep": "stay", "have": "hold", "lean": "stand",
    "tumble": "fall", "recolor": "change", "knock": "bump",
}  # fmt: skip
"""Verbs that are understood as one of the vocabulary."""

GRAMMAR: dict[str, tuple[str, ...]] = {
    "article": ("a", "an", "the", "another", "same", "other", "some"),
    "pronoun": ("it", "he", "she", "they", "him", "her", "them", "one", "his", "its", "their"),
    "number": (
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    ),
    "order": ("first", "second", "third", "fourth", "fifth", "sixth", "then", "next", "after",
              "that", "finally", "before"),
    "joint": ("and", "while", "at", "time", "meanwhile", "of", "with", "to", "from", "by", "in",
              "on", "out", "there", "as", "for", "when", "until", "who", "which"),
    "relation": ("behind", "front", "beside", "past", "around", "through", "onto", "off", "into",
                 "under", "between", "toward", "away", "over"),
    "side": ("middle",),
    "clothes": ("shirt", "trousers", "hair", "hand", "face", "leg"),
    "picture": ("camera", "shot", "picture", "wide", "close", "still", "static", "look", "pan",
                "whip", "truck"),
    "light": ("light", "sun", "sky", "fog", "background", "ground", "floor", "style", "color",
              "scene", "empty", "day"),
    "change": ("larger", "smaller", "darker", "brighter"),
    "mark": (".", ",", ";", ":", "(", ")", "[", "]", "-", "s"),
}  # fmt: skip
"""Words that hold a caption together."""

SYNONYMS: dict[str, str] = {
    # spelling
    "grey": "gray", "coloured": "color", "colour": "color", "colors": "color", "colours": "color",
    "chequered": "checkered", "towards": "toward", "onwards": "forward", "forwards": "forward",
    "backward": "back", "backwards": "back", "upward": "up", "upwards": "up", "downward": "down",
    "downwards": "down", "leftward": "left", "leftwards": "left", "rightward": "right",
    "rightwards": "right", "ahead": "forward", "metre": "meter", "center": "middle",
    "centre": "middle",
    # colors
    "violet": "purple", "turquoise": "teal", "cyan": "teal", "blond": "yellow", "blonde": "yellow",
    # sizes
    "big": "large", "little": "small", "tiny": "small", "huge": "large", "giant": "large",
    "tall": "large", "short": "small", "mid-sized": "medium", "medium-sized": "medium",
    # patterns and materials
    "checked": "checkered", "chequer": "checker", "spotted": "dotted", "stripy": "striped",
    "stripes": "striped", "dots": "dotted", "spots": "dotted", "stars": "starred",
    "rings": "ringed", "checks": "checkered", "brick": "bricks", "plank": "planks",
    "marble": "marbled", "wooden": "wood", "metallic": "metal", "luminous": "glowing",
    "matt": "matte", "letters": "lettered", "two-toned": "two-tone",
    "polka-dotted": "dotted", "tile": "tiles", "tiled": "tiles", "checkerboard": "checker",
    # kinds
    "sphere": "ball", "block": "cube", "square-box": "box", "tube": "cylinder", "torus": "ring",
    "mug": "cup", "guy": "man", "gentleman": "man", "lady": "woman", "kid": "child",
    "hound": "dog", "column": "pillar", "shrub": "bush", "boulder": "rock",
    "object": "thing",
    "persons": "people", "android": "robot", "gate": "door",
    "archway": "arch", "desk": "table", "slope": "ramp",
    # manner
    "fast": "quickly", "rapidly": "quickly", "swiftly": "quickly", "slow": "slowly",
    "quick": "quickly", "softly": "gently", "happily": "cheerfully", "merrily": "cheerfully",
    "unhappily": "sadly", "anxiously": "nervously", "tiredly": "sleepily",
    "sneakily": "stealthily", "proud": "proudly", "hastily": "quickly", "lightly": "gently",
    # where and when
    "lawn": "grass", "tarmac": "asphalt", "dunes": "desert", "ocean": "sea", "woods": "forest",
    "town": "city", "road": "street", "dawn": "morning", "sunrise": "morning",
    "midday": "noon", "sunset": "evening", "dusk": "evening", "nighttime": "night",
    "midnight": "night", "cloudy": "overcast", "mist": "fog", "misty": "foggy", "haze": "fog",
    "hazy": "foggy", "cartoon": "toon", "pixelated": "pixel", "mountain": "mountains",
    "hill": "hills", "daylight": "day", "rug": "carpet",
    # relations
    "near": "beside", "by": "by", "alongside": "beside", "across": "through", "beneath": "under",
    "below": "under", "underneath": "under", "above": "over", "inside": "in", "upon": "on",
    "against": "into", "round": "around", "atop": "on", "within": "in", "along": "past",
    # picture
    "frame": "picture", "image": "picture", "view": "picture", "screen-edge": "picture",
    "closeup": "close", "fixed": "static", "motionless": "still", "unmoving": "still",
    "handheld": "shake", "shaky": "shake", "lights": "light", "illumination": "light",
    "distance": "background", "pants": "trousers", "clothes": "shirt", "jacket": "shirt",
    "coat": "shirt", "dress": "shirt", "legs": "leg", "hands": "hand", "haired": "hair",
    "lighting": "light", "backdrop": "background", "outfit": "shirt", "clothing": "shirt",
    # small words
    "these": "the", "those": "the", "this": "the",  "afterwards": "then",
    "afterward": "then", "later": "then", "thereafter": "then", "simultaneously": "meanwhile",
    "lastly": "finally", "once": "when", "whilst": "while", "also": "and", "but": "and",
    "bigger": "larger", "dark": "darker", "bright": "brighter", "dimmer": "darker",
    "seconds": "second", "sec": "second", "secs": "second", "till": "until",
    "several": "some", "everything": "they", "himself": "him", "herself": "her", "itself": "it",
    "whose": "with", "us": "camera", "viewer": "camera", "onlooker": "camera",
    "themselves": "them", "floors": "floor", "is": "be", "are": "be", "were": "be", "am": "be",
}  # fmt: skip
"""Words that say what a word of the vocabulary says."""

EXPANDED: dict[str, tuple[str, ...]] = {
    "something": ("a", "thing"), "anything": ("a", "thing"), "someone": ("a", "person"),
    "somebody": ("a", "person"), "anyone": ("a", "person"),
    "kitten": ("small", "cat"), "puppy": ("small", "dog"), "pony": ("small", "horse"),
    "closeup": ("close", "shot"), "couple": ("two",), "pair": ("two",),
    "few": ("three",), "many": ("five",), "both": ("they",), "it's": ("it", "be"),
    "he's": ("he", "be"), "she's": ("she", "be"), "they're": ("they", "be"),
    "there's": ("there", "be"), "that's": ("that", "be"),
}  # fmt: skip
"""Words that say what several words of the vocabulary say."""

NEAR: dict[str, tuple[str, ...]] = {
    "automobile": ("cart", "box", "crate"), "car": ("cart", "box", "crate"),
    "truck": ("cart", "crate"), "bus": ("cart", "crate"), "vehicle": ("cart",),
    "wagon": ("cart",), "bike": ("cart", "ring"), "bicycle": ("cart", "ring"),
    "train": ("cart", "box"), "boat": ("cart", "box"), "plane": ("cart", "star"),
    "boy": ("child", "man"), "girl": ("child", "woman"), "baby": ("child",),
    "toddler": ("child",), "human": ("person", "man", "woman"), "lad": ("child", "man"),
    "king": ("man",), "queen": ("woman",), "farmer": ("man", "woman"),
    "doctor": ("man", "woman", "person"), "dancer": ("woman", "man"),
    "bottle": ("vase", "cup", "cylinder"), "glass": ("cup", "vase"), "bowl": ("cup", "vase"),
    "pot": ("vase", "cup"), "bucket": ("cup", "cylinder"), "jar": ("vase", "cup"),
    "plate": ("cylinder", "ring"), "can": ("cylinder",), "barrel": ("cylinder",),
    "pyramid": ("cone",), "triangle": ("cone",), "circle": ("ball", "ring"),
    "disc": ("cylinder", "ring"), "disk": ("cylinder", "ring"), "wheel": ("ring", "cylinder"),
    "rectangle": ("box",), "prism": ("box",), "egg": ("capsule", "ball"),
    "apple": ("ball",), "football": ("ball",), "marbles": ("ball",), "toy": ("ball", "cube"),
    "chair": ("bench", "table"), "sofa": ("bench",), "couch": ("bench",), "stool": ("bench",),
    "bed": ("bench", "table"), "shelf": ("table",), "lantern": ("lamp",), "torch": ("lamp",),
    "bulb": ("lamp",), "candle": ("lamp", "cylinder"), "suitcase": ("crate", "box"),
    "parcel": ("box", "crate"), "package": ("box", "crate"), "chest": ("crate", "box"),
    "building": ("house", "tower"), "hut": ("house",), "cabin": ("house",), "home": ("house",),
    "castle": ("tower", "house"), "skyscraper": ("tower", "city"), "stone": ("rock",),
    "post": ("pillar",), "pole": ("pillar",), "obelisk": ("pillar", "tower"),
    "barrier": ("wall", "fence", "screen"), "hedge": ("bush", "fence"), "plant": ("bush", "tree"),
    "flower": ("bush",), "palm": ("tree",), "pine": ("tree",), "log": ("cylinder",),
    "curtain": ("screen",), "window": ("door", "screen"), "tunnel": ("arch",),
    "bridge": ("arch", "ramp"), "stairs": ("ramp",), "hillside": ("hills", "ramp"),
    "wolf": ("dog",), "fox": ("dog",), "lion": ("cat",), "tiger": ("cat",), "cow": ("horse",),
    "donkey": ("horse",), "sheep": ("dog", "horse"), "bird": ("cat", "balloon"),
    "animal": ("dog", "cat", "horse"), "pet": ("dog", "cat"), "machine": ("robot", "cart"),
    "crimson": ("red",), "scarlet": ("red",), "maroon": ("red", "brown"), "gold": ("yellow",),
    "golden": ("yellow",), "silver": ("gray", "metal"), "navy": ("blue",), "azure": ("blue",),
    "magenta": ("pink", "purple"), "beige": ("brown", "white"), "cream": ("white",),
    "lime": ("green",), "olive": ("green",), "indigo": ("purple", "blue"), "tan": ("brown",),
    "shiny": ("metal", "plastic"), "steel": ("metal",), "iron": ("metal",), "gum": ("rubber",),
    "transparent": ("glowing", "white"), "furry": ("brown",), "average": ("medium",),
    "swim": ("walk", "float"), "crawl": ("walk",), "creep": ("walk", "stealthily"),
    "sneak": ("walk", "stealthily"),
    "play": ("kick", "throw", "follow"), "wander": ("walk",), "hurry": ("run", "quickly"),
    "gallop": ("run",), "trot": ("run",), "hover": ("float", "rise"), "look": ("turn",),
    "face": ("turn",), "touch": ("hit",), "land": ("fall", "stop"), "watch": ("stand", "turn"),
    "greet": ("wave",), "twice": ("bounce",), "colorful": ("two-tone", "red"),
    "colourful": ("two-tone", "red"), "slow-motion": ("slowly",), "motion": ("slowly",),
    "climb": ("walk", "jump"),
    "dance": ("turn", "jump", "walk"), "ride": ("follow", "walk"), "fight": ("push", "kick"),
    "eat": ("pick up", "give"), "drink": ("pick up",), "speak": ("wave",), "talk": ("wave",),
    "smile": ("wave", "cheerfully"), "laugh": ("cheerfully",), "cry": ("sadly",),
    "sleep": ("sit", "sleepily"), "explode": ("shatter",), "burst": ("shatter",),
    "melt": ("shrink",), "burn": ("glowing",), "pull": ("push", "carry"), "drag": ("push",),
    "catch": ("pick up",), "point": ("wave",), "clap": ("wave",), "hug": ("follow",),
    "spill": ("fall",), "flip": ("turn", "spin"), "bend": ("sit", "pick up"),
    "angrily": ("quickly", "nervously"), "excitedly": ("cheerfully", "nervously"),
    "calmly": ("slowly", "gently"), "carefully": ("gently", "slowly"),
    "lazily": ("sleepily", "slowly"), "bravely": ("proudly",), "quietly": ("stealthily",),
    "suddenly": ("quickly",), "clumsily": ("drunkenly",), "smoothly": ("gently",),
    "rain": ("overcast", "fog"), "rainy": ("overcast", "foggy"), "storm": ("overcast",),
    "sunny": ("noon", "morning"), "afternoon": ("noon", "evening"), "winter": ("snow",),
    "summer": ("noon",), "lake": ("water", "sea"), "river": ("water",), "field": ("meadow",
    "grass"),
    "jungle": ("forest",), "earth": ("sand", "ground"), "mud": ("sand",), "ice": ("snow",),
    "concrete": ("asphalt", "stone"), "house-front": ("house",), "office": ("room",),
    "village": ("city",), "school": ("room", "house"), "space": ("night", "empty"),
    "realistic": ("plain",), "photo": ("plain",), "sketch": ("paper",), "watercolor": ("pastel",),
    "painting": ("pastel", "paper"), "anime": ("toon",), "noir": ("night", "sepia"),
    "vintage": ("sepia",), "retro": ("pixel", "sepia"), "beautiful": ("cheerfully",),
}  # fmt: skip
"""Words of people, and which words of the world come nearest to them."""

NEGATIONS = frozenset(
    {"no", "not", "never", "without", "none", "nothing", "nobody", "nowhere", "neither", "nor",
     "cannot", "can't", "doesn't", "don't", "isn't", "aren't", "didn't", "won't", "wasn't",
     "weren't", "except", "n't", "lacking", "minus"}
)  # fmt: skip


def _vocabulary() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}

    def add(word: str, name: str) -> None:
        classes = found.setdefault(word, [])
        if name not in classes:
            classes.append(name)

    tables: dict[str, tuple[str, ...]] = {
        "color": tuple(world.COLORS),
        "size": tuple(world.SIZES),
        "pattern": world.PATTERNS,
        "material": world.MATERIALS,
        "thing": (*world.THINGS, "thing"),
        "walker": (*world.WALKERS, "person"),
        "fixture": world.FIXTURES,
        "ground": world.GROUNDS,
        "sky": world.SKIES,
        "background": tuple(name for name in world.BACKGROUNDS if name != "none"),
        "place": tuple(PLACES),
        "style": world.STYLES,
        "manner": world.MANNERS,
        "direction": world.DIRECTIONS,
        "verb": tuple(VERBS),
        **GRAMMAR,
    }
    for name, rows in tables.items():
        for word in rows:
            add(word, name)
    return {word: tuple(classes) for word, classes in found.items()}


VOCABULARY: dict[str, tuple[str, ...]] = _vocabulary()
"""Every word that captions are written with (verbs in their base form, nouns in the singular), and
its classes."""
