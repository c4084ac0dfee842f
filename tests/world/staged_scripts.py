"""Scripts of every kind of event and relation, by what a caption would say."""

from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing


def R(id: int, kind: str, color: str = "", **more: object) -> Role:
    return Role(id, kind, color=color, **more)  # type: ignore[arg-type]


def S(
    *cast: Role, do: tuple[Deed, ...] = (), stand: tuple[Standing, ...] = (), **more: object
) -> Script:
    return Script(cast=cast, deeds=do, standing=stand, **more)  # type: ignore[arg-type]


BALL, PILLAR, CUBE = R(1, "ball", "red"), R(2, "pillar"), R(3, "cube", "blue")
MAN, WOMAN = R(1, "man", "green"), R(1, "woman", "yellow")

THINGS: dict[str, Script] = {
    "a red ball rolls behind the pillar": S(
        BALL, PILLAR, do=(Deed("roll", 1, 2, relation="behind"),)
    ),
    "a red ball rolls right, hides behind the pillar, comes out and hits the blue cube": S(
        BALL,
        PILLAR,
        CUBE,
        do=(
            Deed("roll", 1, direction="right"),
            Deed("hide", 1, 2),
            Deed("appear", 1, 2),
            Deed("hit", 1, 3),
        ),
    ),
    "a ball rolls to the left": S(BALL, do=(Deed("roll", 1, direction="left"),)),
    "a ball rolls away slowly": S(
        BALL, do=(Deed("roll", 1, direction="forward", manner="slowly"),)
    ),
    "a ball rolls toward us": S(BALL, do=(Deed("roll", 1, direction="back"),)),
    "a ball rolls past the cube": S(BALL, R(2, "cube"), do=(Deed("roll", 1, 2, relation="past"),)),
    "a ball rolls toward the cube and hits it": S(
        BALL, R(2, "cube"), do=(Deed("roll", 1, 2, relation="toward"), Deed("hit", 1, 2))
    ),
    "a ball rolls under the table": S(
        R(1, "ball", "red", size="small"), R(2, "table"), do=(Deed("roll", 1, 2, relation="under"),)
    ),
    "a ball rolls through the arch": S(
        BALL, R(2, "arch"), do=(Deed("roll", 1, 2, relation="through"),)
    ),
    "a ball rolls out from behind the wall": S(
        BALL, R(2, "wall"), do=(Deed("roll", 1, 2, relation="out from behind"),)
    ),
    "a ball rolls away from the cone": S(
        BALL, R(2, "cone"), do=(Deed("roll", 1, 2, relation="away from"),)
    ),
    "a ball rolls down the ramp": S(BALL, R(2, "ramp"), do=(Deed("roll", 1, 2, direction="down"),)),
    "a ball rolls off the table and falls": S(
        R(1, "ball", "red", size="small"),
        R(2, "table"),
        do=(Deed("roll", 1, 2, relation="off"), Deed("fall", 1)),
    ),
    "a cup falls off the table and shatters": S(
        R(1, "cup", "teal"),
        R(2, "table"),
        do=(Deed("fall", 1, 2, relation="off"), Deed("shatter", 1)),
    ),
    "a ball rolls and hides behind the wall": S(
        BALL, R(2, "wall"), do=(Deed("roll", 1, direction="right"), Deed("hide", 1, 2))
    ),
    "a ball appears from behind the pillar": S(BALL, PILLAR, do=(Deed("appear", 1, 2),)),
    "a ball hits a ball, which hits a cube": S(
        BALL, R(2, "ball", "blue"), CUBE, do=(Deed("hit", 1, 2), Deed("hit", 2, 3))
    ),
    "a cube slides to the right and hits a cone": S(
        R(1, "cube", "orange"),
        R(2, "cone"),
        do=(Deed("slide", 1, direction="right"), Deed("hit", 1, 2)),
    ),
    "a cart rolls to the left": S(R(1, "cart"), do=(Deed("roll", 1, direction="left"),)),
    "a ball rolls right and stops": S(
        BALL, do=(Deed("roll", 1, direction="right"), Deed("stop", 1))
    ),
    "a cylinder slides and stops": S(R(1, "cylinder"), do=(Deed("slide", 1), Deed("stop", 1))),
    "a ball enters from the left": S(BALL, do=(Deed("enter", 1, direction="right"),)),
    "a ball rolls out of the picture to the right": S(
        BALL, do=(Deed("roll", 1, direction="right"), Deed("exit", 1, direction="right"))
    ),
    "a cube leaves": S(R(1, "cube"), do=(Deed("exit", 1),)),
    "a ball is dropped and bounces": S(BALL, do=(Deed("drop", 1), Deed("bounce", 1))),
    "a vase is dropped and shatters": S(
        R(1, "vase", "blue"), do=(Deed("drop", 1), Deed("shatter", 1))
    ),
    "a vase shatters": S(R(1, "vase", "blue"), do=(Deed("shatter", 1),)),
    "a cube is dropped onto a crate": S(
        R(1, "cube", "pink", size="small"),
        R(2, "crate", size="large"),
        do=(Deed("drop", 1, 2, relation="onto"),),
    ),
    "a ball is thrown to the right": S(BALL, do=(Deed("throw", 1, direction="right"),)),
    "a ball is thrown over the cube": S(
        BALL, R(2, "cube"), do=(Deed("throw", 1, 2, relation="over"),)
    ),
    "a ball is thrown at the tower and hits it": S(
        BALL, R(2, "tower"), do=(Deed("throw", 1, 2, relation="toward"), Deed("hit", 1, 2))
    ),
    "a ball is thrown onto the table": S(
        R(1, "ball", "red", size="small"), R(2, "table"), do=(Deed("throw", 1, 2, relation="onto"),)
    ),
    "a star spins": S(R(1, "star"), do=(Deed("spin", 1),)),
    "the pendulum swings": S(R(1, "pendulum"), do=(Deed("swing", 1),)),
    "a balloon rises": S(R(1, "balloon"), do=(Deed("rise", 1),)),
    "a ball bounces off the wall": S(
        BALL, R(2, "wall"), do=(Deed("bounce", 1, 2, relation="off"),)
    ),
    "a ball turns blue": S(BALL, do=(Deed("change_color", 1, color="blue"),)),
    "a cube grows": S(R(1, "cube"), do=(Deed("grow", 1),)),
    "a cube shrinks": S(R(1, "cube"), do=(Deed("shrink", 1),)),
    "a cup covers the ball": S(R(1, "cup"), R(2, "ball"), do=(Deed("cover", 1, 2),)),
    "a cup covers the ball and is lifted again": S(
        R(1, "cup"), R(2, "ball"), do=(Deed("cover", 1, 2), Deed("uncover", 1, 2))
    ),
    "a screen lowers and a ball appears": S(
        R(1, "screen"), R(2, "ball"), do=(Deed("lower", 1), Deed("appear", 2, 1))
    ),
    "a screen rises": S(R(1, "screen"), do=(Deed("raise", 1),)),
    "the door opens": S(R(1, "door"), do=(Deed("open", 1),)),
    "the door closes": S(R(1, "door"), do=(Deed("close", 1),)),
    "the light dims": S(BALL, do=(Deed("dim"),)),
    "the sun sets": S(BALL, do=(Deed("sunset"),)),
    "the sun rises while a ball rolls": S(
        BALL, do=(Deed("roll", 1), Deed("sunrise", together=True))
    ),
    "the light brightens": S(BALL, do=(Deed("brighten"),)),
}

WALKERS: dict[str, Script] = {
    "a woman walks slowly past a pillar, then waves": S(
        WOMAN, PILLAR, do=(Deed("walk", 1, 2, relation="past", manner="slowly"), Deed("wave", 1))
    ),
    "a man runs to the left": S(MAN, do=(Deed("run", 1, direction="left"),)),
    "a man walks toward the tree": S(
        MAN, R(2, "tree"), do=(Deed("walk", 1, 2, relation="toward"),)
    ),
    "a man walks behind the wall and hides": S(
        MAN, R(2, "wall", size="large"), do=(Deed("hide", 1, 2),)
    ),
    "a man comes out from behind the wall": S(
        MAN, R(2, "wall", size="large"), do=(Deed("walk", 1, 2, relation="out from behind"),)
    ),
    "a dog walks around the rock": S(
        R(1, "dog"), R(2, "rock"), do=(Deed("walk", 1, 2, relation="around"),)
    ),
    "a child walks between two pillars": S(
        R(1, "child", "red"), R(2, "pillar", count=2), do=(Deed("walk", 1, 2, relation="between"),)
    ),
    "a dog runs away from the cat": S(
        R(1, "dog"), R(2, "cat"), do=(Deed("run", 1, 2, relation="away from"),)
    ),
    "a horse circles the crate": S(R(1, "dog"), R(2, "crate"), do=(Deed("circle", 1, 2),)),
    "a dog follows the man": S(
        MAN,
        R(2, "dog"),
        do=(Deed("walk", 1, direction="right"), Deed("follow", 2, 1, together=True)),
    ),
    "a woman enters from the right": S(WOMAN, do=(Deed("enter", 1, direction="left"),)),
    "a man leaves to the right": S(MAN, do=(Deed("exit", 1, direction="right"),)),
    "a woman turns around": S(WOMAN, do=(Deed("turn", 1),)),
    "a child jumps": S(R(1, "child"), do=(Deed("jump", 1),)),
    "a man waves to the child": S(MAN, R(2, "child"), do=(Deed("wave", 1, 2),)),
    "a woman sits down on the bench": S(WOMAN, R(2, "bench"), do=(Deed("sit", 1, 2),)),
    "a man stands up": S(MAN, do=(Deed("stand", 1),)),
    "a man picks up the red cup": S(MAN, R(2, "cup", "red"), do=(Deed("pick_up", 1, 2),)),
    "a man picks up the cup and gives it to the child": S(
        MAN,
        R(2, "cup", "red"),
        R(3, "child"),
        do=(Deed("pick_up", 1, 2), Deed("give", 1, 2, other=3)),
    ),
    "a woman carries a crate to the right and puts it down": S(
        WOMAN,
        R(2, "crate", size="small"),
        do=(Deed("carry", 1, 2, direction="right"), Deed("put_down", 1, 2)),
    ),
    "a man puts the ball on the table": S(
        MAN,
        R(2, "ball", "red"),
        R(3, "table"),
        do=(Deed("put_down", 1, 2, other=3, relation="onto"),),
    ),
    "a man pushes the crate to the left": S(
        MAN, R(2, "crate"), do=(Deed("push", 1, 2, direction="left"),)
    ),
    "a child kicks the ball": S(R(1, "child"), R(2, "ball"), do=(Deed("kick", 1, 2),)),
    "a child kicks the ball to the right, it hits a cone": S(
        R(1, "child"),
        R(2, "ball"),
        R(3, "cone"),
        do=(Deed("kick", 1, 2, direction="right"), Deed("hit", 2, 3)),
    ),
    "a woman covers her face": S(WOMAN, do=(Deed("hand_over_face", 1),)),
    "three dogs run to the right": S(R(1, "dog", count=3), do=(Deed("run", 1, direction="right"),)),
}

STANDINGS: dict[str, Script] = {
    f"a red ball {relation} the blue crate": S(
        R(1, "ball", "red", size="small"), R(2, "crate", "blue"), stand=(Standing(1, relation, 2),)
    )
    for relation in ("left of", "right of", "behind", "in front of", "beside", "on")
} | {
    "a ball under the table": S(
        R(1, "ball", "red", size="small"), R(2, "table"), stand=(Standing(1, "under", 2),)
    ),
    "a ball between a cube and a cone": S(
        R(1, "ball", "red"), R(2, "cube"), R(3, "cone"), stand=(Standing(1, "between", 2, 3),)
    ),
    "two blue cubes and a small green cone on grass at sunset": S(
        R(1, "cube", "blue", count=2),
        R(2, "cone", "green", size="small"),
        settings=(Setting(ground="grass", sky="evening"),),
    ),
    "a cup on the table, a man picks it up": S(
        R(1, "cup", "red"),
        R(2, "table"),
        R(3, "man"),
        stand=(Standing(1, "on", 2),),
        do=(Deed("pick_up", 3, 1),),
    ),
    "five balls": S(R(1, "ball", "red", count=5)),
    "a man behind the cube walks to the right": S(
        MAN,
        R(2, "cube"),
        stand=(Standing(1, "behind", 2),),
        do=(Deed("walk", 1, direction="right"),),
    ),
    "a ball rolls into the cube that stands right of the pillar": S(
        BALL,
        PILLAR,
        CUBE,
        stand=(Standing(3, "right of", 2),),
        do=(Deed("roll", 1, 3, relation="toward"), Deed("hit", 1, 3)),
    ),
}

SHOTS: dict[str, Script] = {
    "two shots of one place": S(
        WOMAN,
        R(2, "tree"),
        do=(Deed("walk", 1, 2, relation="toward"), Deed("wave", 1, shot=1)),
        shots=(ScriptShot(size="wide"), ScriptShot(size="close", moves=("dolly in",))),
    ),
    "two places": S(
        WOMAN,
        R(2, "bench"),
        do=(Deed("walk", 1, direction="right"), Deed("sit", 1, 2, shot=1)),
        settings=(Setting(name="the park"), Setting(name="the room", ground="planks")),
        shots=(ScriptShot(place="the park"), ScriptShot(place="the room", moves=("pan left",))),
    ),
    "the camera pans and zooms": S(
        BALL,
        CUBE := R(2, "cube", "blue"),
        do=(Deed("roll", 1, direction="right"),),
        shots=(ScriptShot(moves=("pan right", "zoom in")),),
    ),
    "the camera follows the ball": S(
        BALL,
        do=(Deed("roll", 1, direction="right"),),
        shots=(ScriptShot(moves=("follow",), follows=1),),
    ),
    "the camera orbits a tower": S(R(1, "tower"), shots=(ScriptShot(moves=("orbit left",)),)),
}

ALL = THINGS | WALKERS | STANDINGS | SHOTS
