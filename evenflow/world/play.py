"""Play: many scenes at once, one row of actions a frame; and policies that play by themselves.

`World.reset` gives the first pictures, `World.step` takes `(b, 10)` actions and gives the next ones
with their states. What was played is kept in the scenes (`World.specs`): drawing these again gives
the very same bytes, because a frame depends on the state before it and on one row of actions only
(`player.py`), and a replay goes the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world.animation import Animation, CameraTrack, Contact, EntityTrack, Happened, Parts
from evenflow.world.player import (
    HEADING,
    HELD,
    KEYS,
    NUM_ACTIONS,
    OTOP,
    PITCH,
    TOUCH,
    TX,
    TY,
    TZ,
    VX,
    VZ,
    Game,
    X,
    Y,
    Z,
    action_rows,
    distance_to,
    drive,
)
from evenflow.world.spec import Camera, Entity, Preset, SceneSpec, Shot

Array = NDArray[np.float64]
View = Literal["eyes", "behind"]

BEHIND, ABOVE = 2.7, 1.75
"""How far behind and above a walker its camera is."""
SUN_REACH = 7.0
"""World units before the player within which there are shadows."""


@dataclass(frozen=True)
class States:
    """Where everybody is, one row a scene.

    Args:
        frame: number of the picture, `(b,)`.
        position: of the player's soles, `(b, 3)`; velocity, units a second, `(b, 3)`.
        heading, pitch: radians, left and up positive, `(b,)`.
        held: id of the thing that is carried, or 0, `(b,)`.
        touched: the player ran into something since the frame before, bool `(b,)`.
        things: of each scene: ids `(n,)` and positions of their feet `(n, 3)`.
    """

    frame: NDArray[np.int64]
    position: Array
    velocity: Array
    heading: Array
    pitch: Array
    held: NDArray[np.int64]
    touched: NDArray[np.bool_]
    things: tuple[tuple[NDArray[np.int64], Array], ...]


class _Eye:
    """The camera of a player: the player's eyes, or one that goes behind a walker.

    It depends on the frames before only, never on what comes.
    """

    def __init__(self, spec: SceneSpec, game: Game) -> None:
        self.game, self.dt = game, 1.0 / float(spec.fps)
        self.spec = spec
        self.behind = bool(spec.player)
        who = spec.entity(spec.player) if spec.player else None
        camera = spec.shots[0].camera
        self.height = 2 * who.size if who is not None else camera.eye[1]
        self.yaw = float(game.player[HEADING])
        self.far = BEHIND
        self.lift = float(game.player[Y])
        if self.behind:
            self.far = self._room(self.yaw)

    def _room(self, yaw: float) -> float:
        """How far back the camera can go before it meets a wall."""
        p = self.game.player
        sine, cosine = np.sin(yaw), np.cos(yaw)
        high = self.game.yard.obstacles[self.game.yard.obstacles[:, OTOP] > p[Y] + 0.9]
        for far in np.linspace(0.5, BEHIND, 23):
            x, z = p[X] + far * sine, p[Z] - far * cosine
            if len(high) and distance_to(high, x, z) < 0.3:
                return max(float(far) - 0.1, 0.45)
        return BEHIND

    def advance(self) -> None:
        """One frame on."""
        p = self.game.player
        away = (p[HEADING] - self.yaw + np.pi) % (2 * np.pi) - np.pi
        self.yaw += away * (1 - np.exp(-self.dt / 0.3))
        self.lift += (p[Y] - self.lift) * (1 - np.exp(-self.dt / 0.25))
        if self.behind:
            room = self._room(self.yaw)
            share = 1 - np.exp(-self.dt / (0.12 if room < self.far else 0.6))
            self.far = min(self.far + (room - self.far) * share, room + 0.25)

    def pose(self) -> tuple[Array, Array]:
        """Eye and the direction it looks in."""
        p = self.game.player
        if not self.behind:
            eye = np.array([p[X], p[Y] + self.height, p[Z]])
            yaw, pitch = p[HEADING], p[PITCH]
        else:
            yaw = self.yaw
            share = self.far / BEHIND
            up = self.lift + self.height * 0.62 + (ABOVE - self.height * 0.62) * min(1.0, share)
            eye = np.array(
                [
                    p[X] + self.far * np.sin(yaw),
                    up + 0.35 * (1 - share),
                    p[Z] - self.far * np.cos(yaw),
                ]
            )
            target = self.lift + 0.62 * self.height
            pitch = np.arctan2(target - eye[1], self.far + 0.6) + 0.6 * p[PITCH]
            pitch = min(max(pitch, -1.3), 1.2)
        c = np.cos(pitch)
        return eye, np.array([-np.sin(yaw) * c, np.sin(pitch), np.cos(yaw) * c])


class Playing:
    """One scene that is played: its game, its camera, and the frames so far.

    Args:
        spec: the scene; its actions are left out.
        frames: the most that will be played.
    """

    def __init__(self, spec: SceneSpec, frames: int) -> None:
        from evenflow.world.cameras import intrinsics
        from evenflow.world.simulate import simulate

        if len(spec.shots) != 1:
            raise BadInput(f"a scene that is played has one shot, got {len(spec.shots)}")
        self.spec = replace(
            spec, actions=(), shots=(replace(spec.shots[0], frames=frames),), events=_kept(spec)
        )
        self.frames = frames
        self.frame = 0
        self.rows: list[tuple[float, ...]] = []
        self.game = Game(self.spec)
        self.eye = _Eye(self.spec, self.game)
        still = not self.spec.events
        base = simulate(replace(self.spec, player=0, shots=(
            replace(self.spec.shots[0], frames=1 if still else frames),
        )))  # fmt: skip
        self.base = base
        self.still = still
        camera = self.spec.shots[0].camera
        self.intrinsics = intrinsics(
            np.array([camera.fov]), np.array([camera.height]), self.spec.size
        )[0].astype(np.float32)
        self.body = None
        if self.spec.player:
            from evenflow.world.figure import Figure

            self.body = Figure(self.spec, base, self.game)
        self.touches: list[tuple[int, int]] = []

    def step(self, action: Sequence[float] | Array) -> None:
        """Plays one frame."""
        if self.frame + 1 >= self.frames:
            raise BadInput(
                f"this scene was begun for {self.frames} frames and all are played: reset it"
            )
        row = tuple(round(float(v), 6) for v in action)
        self.game.step(row)
        self.rows.append(row)
        self.eye.advance()
        if self.body is not None:
            self.body.advance()
        self.frame += 1

    def played(self) -> SceneSpec:
        """The scene with what was played so far."""
        zero = (0.0,) * NUM_ACTIONS
        rows = (*self.rows, zero)
        shot = replace(self.spec.shots[0], frames=len(rows))
        return replace(self.spec, actions=rows, shots=(shot,))

    def now(self) -> Animation:
        """The frame that is reached, as an animation of one frame."""
        base, f = self.base, 0 if self.still else self.frame
        parts, entities = base.parts, base.entities
        position, rotation = parts.position[f].copy(), parts.rotation[f].copy()
        center, turn = entities.position[f].copy(), entities.rotation[f].copy()
        velocity, support = entities.velocity[f].copy(), entities.support[f].copy()
        game = self.game
        for i, id in enumerate(game.yard.ids):
            e, mine = id - 1, parts.entity == id
            change = game.rotation[i]
            old = entities.position[f, e].astype(np.float64)
            start = game.yard.things[i, [TX, TY, TZ]]
            new = old - start + game.things[i, [TX, TY, TZ]]
            away = position[mine].astype(np.float64) - old
            position[mine] = _turned(change, away) + new
            rotation[mine] = np.stack([_times(change, r) for r in rotation[mine].astype(float)])
            center[e] = new
            turn[e] = _times(change, turn[e].astype(np.float64))
            velocity[e] = (game.things[i, VX], 0.0, game.things[i, VZ])
            held = int(game.player[HELD]) == i
            support[e] = -1 if held else (0 if game.things[i, TY] < 1e-6 else support[e])
        scale, color, present = parts.scale[f], parts.color[f], parts.present[f]
        skeletons = base.skeletons
        one = {
            name: getattr(skeletons, name)[f : f + 1]
            for name in ("joints", "feet", "stance", "phase")
        }
        if self.body is not None:
            pose = self.body.pose()
            mine = parts.entity == self.spec.player
            position[mine], rotation[mine] = pose.position, pose.rotation
            e = self.spec.player - 1
            p = game.player
            center[e] = (p[X], p[Y] + self.spec.entity(self.spec.player).size, p[Z])
            turn[e] = _about_y(float(p[HEADING]))
            velocity[e] = p[[VX, VX + 1, VZ]]
            w = int(np.flatnonzero(skeletons.entity == self.spec.player)[0])
            one = {name: value.copy() for name, value in one.items()}
            one["joints"][0, w], one["feet"][0, w] = pose.joints, pose.feet
            one["stance"][0, w], one["phase"][0, w] = pose.stance, pose.phase
        eye, ahead = self.eye.pose()
        light = base.light
        return Animation(
            spec=replace(self.spec, actions=((0.0,) * NUM_ACTIONS,)),  # as every played scene has
            parts=replace(
                parts,
                position=position[None],
                rotation=rotation[None],
                scale=scale[None],
                color=color[None],
                second=parts.second[f : f + 1],
                pattern_shift=parts.pattern_shift[f : f + 1],
                present=present[None],
            ),
            camera=CameraTrack(
                self.intrinsics[None],
                _looking(eye, ahead)[None],
                np.zeros(1, bool),
            ),
            light=replace(light, **{k: v[f : f + 1] for k, v in vars(light).items()}),
            entities=replace(
                entities,
                position=center[None],
                rotation=turn[None],
                velocity=velocity[None],
                spin=entities.spin[f : f + 1],
                size=entities.size[f : f + 1],
                color=entities.color[f : f + 1],
                present=entities.present[f : f + 1],
                support=support[None],
            ),
            skeletons=replace(skeletons, **one),
            shot=np.zeros(1, np.int16),
            place=np.full(1, self.spec.shots[0].place, np.int16),
            sunlit=self._sunlit(eye, ahead)[None],
        )

    @staticmethod
    def _sunlit(eye: Array, ahead: Array) -> Array:
        """What the sun's picture shows: the ground before the camera, whatever comes later."""
        flat = float(np.hypot(ahead[0], ahead[2])) or 1.0
        far = 0.62 * SUN_REACH
        x, z = eye[0] + far * ahead[0] / flat, eye[2] + far * ahead[2] / flat
        return np.array([x, 0.0, z, SUN_REACH])


def _kept(spec: SceneSpec) -> tuple:
    """Events that go on while somebody plays: light, and walkers who are not the player."""
    from evenflow.world.words import EVENTS

    walkers = ("walk", "run", "circle", "turn", "jump", "wave", "sit", "stand", "hand_over_face")
    return tuple(
        e
        for e in spec.events
        if EVENTS[e.kind].agents == ("light",) or (e.kind in walkers and e.agent != spec.player)
    )


def _turned(turn: Array, points: NDArray) -> Array:
    """Points `(k, 3)` turned, written out so that no sum depends on how many there are."""
    x, y, z = points[:, 0], points[:, 1], points[:, 2]
    return np.stack([turn[i, 0] * x + turn[i, 1] * y + turn[i, 2] * z for i in range(3)], axis=1)


def _times(a: Array, b: NDArray) -> Array:
    return np.stack([a[i, 0] * b[0] + a[i, 1] * b[1] + a[i, 2] * b[2] for i in range(3)])


def _about_y(heading: float) -> Array:
    c, s = np.cos(heading), np.sin(heading)
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def _looking(eye: Array, ahead: Array) -> NDArray[np.float32]:
    """World to camera `(4, 4)`."""
    from evenflow.world.cameras import angles, matrices

    yaw, pitch = angles(ahead[None])
    return matrices(eye[None], yaw, pitch)[0].astype(np.float32)


def animate(spec: SceneSpec) -> Animation:
    """The animation of a scene that was played: its actions, replayed."""
    rows = action_rows(spec.actions, spec.num_frames)
    playing = Playing(spec, spec.num_frames)
    frames = [playing.now()]
    held = [int(playing.game.player[HELD])]
    touched = [False]
    for row in rows[:-1]:
        playing.step(row)
        frames.append(playing.now())
        held.append(int(playing.game.player[HELD]))
        touched.append(bool(playing.game.player[TOUCH]))
    whole = join(frames)
    happened, contacts = _told(playing, held, touched, whole)
    return replace(whole, spec=spec, happened=happened, contacts=contacts)


def join(animations: Sequence[Animation]) -> Animation:
    """Stretches of one scene, one after the other, as one animation."""
    first = animations[0]
    if len(animations) == 1:
        return first

    def all_of(group: str, name: str) -> NDArray:
        return np.concatenate([getattr(getattr(one, group), name) for one in animations])

    moving = ("position", "rotation", "scale", "color", "second", "pattern_shift", "present")
    parts: Parts = replace(first.parts, **{n: all_of("parts", n) for n in moving})
    entities: EntityTrack = replace(
        first.entities, **{n: all_of("entities", n) for n in vars(first.entities)}
    )
    skeletons = replace(
        first.skeletons,
        **{n: all_of("skeletons", n) for n in ("joints", "feet", "stance", "phase")},
    )
    return replace(
        first,
        parts=parts,
        entities=entities,
        skeletons=skeletons,
        camera=replace(first.camera, **{n: all_of("camera", n) for n in vars(first.camera)}),
        light=replace(first.light, **{n: all_of("light", n) for n in vars(first.light)}),
        shot=np.concatenate([one.shot for one in animations]),
        place=np.concatenate([one.place for one in animations]),
        sunlit=np.concatenate([s for one in animations if (s := one.sunlit) is not None]),
    )


def _told(
    playing: Playing, held: list[int], touched: list[bool], whole: Animation
) -> tuple[tuple[Happened, ...], tuple[Contact, ...]]:
    """What happened in a game: things taken and put down, and frames in which the player bumped."""
    spec, ids = playing.spec, playing.game.yard.ids
    player = spec.player
    happened: list[Happened] = []
    for i in range(1, len(held)):
        if held[i] >= 0 and held[i - 1] < 0:
            happened.append(Happened("pick_up", i - 1, i, player, ids[held[i]]))
        if held[i] < 0 and held[i - 1] >= 0:
            happened.append(Happened("put_down", i - 1, i, player, ids[held[i - 1]]))
    contacts = []
    fps = float(spec.fps)
    for i in range(1, len(touched)):
        if touched[i] and not touched[i - 1]:
            eye = whole.entities.position[i, player - 1] if player else np.zeros(3)
            at = (float(eye[0]), float(eye[1]), float(eye[2]))
            contacts.append(Contact(i, i / fps, player, 0, 0.0, at, (0.0, 0.0, 0.0)))
    return tuple(happened), tuple(contacts)


def playable(
    preset: Preset,
    seed: int,
    *,
    view: View = "eyes",
    size: tuple[int, int] = (128, 128),
    fps: Fraction = Fraction(12),
    frames: int = 4000,
    style: str | None = None,
) -> SceneSpec:
    """A scene to play in: a maze, or what a seed of another preset gives, with a player in it.

    Args:
        view: `eyes` sees through the player's eyes, `behind` shows a walker from behind.
        frames: the most that will be played.
    """
    if view not in ("eyes", "behind"):
        raise BadInput(f"a view is eyes or behind, got {view!r}")
    if preset == "flat":
        raise BadInput("the preset flat is seen from the side and has no ground to walk on: "
                       "play maze, lab or story")  # fmt: skip
    if preset == "maze":
        from evenflow.world.maze import build, empty

        spec = empty(build(seed), frames=frames, behind=view == "behind", fps=fps, size=size)
        return spec if style is None else replace(spec, style=style)
    from evenflow.world.sampling import random_spec

    spec = random_spec(preset, seed, frames=49, fps=fps, size=size)
    shot = spec.shots[0]
    cast = spec.cast
    if shot.cast:
        cast = tuple(one for one in spec.cast if one.id in shot.cast)
        names = {one.id: i for i, one in enumerate(cast, start=1)}
        cast = tuple(replace(one, id=names[one.id]) for one in cast)
    cast = tuple(_grounded(one, cast) for one in cast)
    eye, look = np.array(shot.camera.eye), np.array(shot.camera.look_at)
    way = (look - eye)[[0, 2]]
    away = way / (np.hypot(*way) or 1.0)
    x, z = eye[0] + 0.35 * way[0], eye[2] + 0.35 * way[1]
    probe = replace(spec, cast=cast, events=(), player=0)
    game = Game(replace(probe, shots=(Shot(frames, Camera()),)))
    solid = game.yard.obstacles
    for _ in range(40):  # back toward the camera until there is room
        free = not len(solid) or distance_to(solid, x, z) > 0.6
        things = game.things
        near = np.hypot(things[:, TX] - x, things[:, TZ] - z) if len(things) else np.array([9.0])
        if free and near.min() > 0.9:
            break
        x, z = x - 0.25 * away[0], z - 0.25 * away[1]
    heading = float(np.arctan2(-away[0], away[1]))
    player = 0
    if view == "behind":
        player = len(cast) + 1
        rng = np.random.default_rng([seed, 9007])
        kind = ("woman", "man", "child", "robot")[int(rng.integers(4))]
        size_of = {"woman": 0.83, "man": 0.88, "child": 0.6, "robot": 0.85}[kind]
        who = Entity(
            player, kind, "red", second="blue", size=size_of,
            position=(round(float(x), 4), 0.0, round(float(z), 4)), heading=round(heading, 4),
            seed=seed,
        )  # fmt: skip
        cast = (*cast, who)
    high = 1.45
    camera = Camera(
        eye=(round(float(x), 4), high, round(float(z), 4)),
        look_at=(
            round(float(x + 2 * away[0]), 4), high - 0.25, round(float(z + 2 * away[1]), 4),
        ),
        fov=1.1,
    )  # fmt: skip
    return replace(
        spec,
        shots=(Shot(frames, camera, shot.place),),
        cast=cast,
        events=(),
        actions=(),
        player=player,
        keys=(),
        style=spec.style if style is None else style,
    )


def _grounded(one: Entity, cast: Sequence[Entity]) -> Entity:
    """The same thing, put down where nothing carries it (it was to be dropped, or was held)."""
    from evenflow.world.player import OBOTTOM, solids_of
    from evenflow.world.words import WALKERS

    x, y, z = one.position
    if one.kind in WALKERS or (y < 0.01 and not one.attached):
        return replace(one, attached=0)
    for other in cast:
        if other.id == one.id or other.kind in WALKERS:
            continue
        rows = np.array(solids_of(other))
        top = float(rows[:, OTOP].max())
        wide = rows[rows[:, OBOTTOM] < top]
        if abs(top - y) < 0.05 and distance_to(wide, x, z) < 0:
            return replace(one, attached=0)
    return replace(one, attached=0, position=(x, 0.0, z))


class World:
    """Scenes that are played side by side.

    >>> world = World("maze", [0, 1], size=(64, 64))  # doctest: +SKIP
    >>> pictures = world.reset()  # (2, 64, 64, 3) uint8  # doctest: +SKIP
    >>> pictures, states = world.step(np.zeros((2, 10)))  # doctest: +SKIP

    Args:
        preset: `maze`, `lab` or `story`.
        seeds: one a scene.
        size, fps, style: of the pictures.
        view: through the player's `eyes`, or from `behind` a walker.
        frames: the most that are played before a reset.
        specs: scenes to play, in place of those that preset and seeds give.
        device: where it is drawn.
    """

    def __init__(
        self,
        preset: Preset = "maze",
        seeds: Sequence[int] = (0,),
        *,
        size: tuple[int, int] = (128, 128),
        fps: Fraction = Fraction(12),
        view: View = "eyes",
        frames: int = 4000,
        style: str | None = None,
        specs: Sequence[SceneSpec] = (),
        device: str = "cpu",
        antialias: bool = True,
    ) -> None:
        if frames < 2:
            raise BadInput(f"a game has two frames at least, got {frames}")
        self.preset, self.seeds = preset, tuple(seeds)
        self.size, self.fps, self.view, self.style = size, fps, view, style
        self.frames, self.device, self.antialias = frames, device, antialias
        self.scenes = tuple(specs)
        self.playing: list[Playing] = []

    def __len__(self) -> int:
        return len(self.scenes) or len(self.seeds)

    def reset(self, seeds: Sequence[int] | None = None) -> NDArray[np.uint8]:
        """Begins anew; the first pictures `(b, h, w, 3)`.

        Args:
            seeds: of other scenes than before.
        """
        if seeds is not None:
            self.seeds, self.scenes = tuple(seeds), ()
        if not len(self):
            raise BadInput("a world has at least one scene: give seeds or specs")
        specs = self.scenes or tuple(
            playable(
                self.preset, seed, view=self.view, size=self.size, fps=self.fps,
                frames=self.frames, style=self.style,
            )
            for seed in self.seeds
        )  # fmt: skip
        self.playing = [Playing(spec, self.frames) for spec in specs]
        return self._draw()

    def step(
        self, actions: NDArray | Sequence[Sequence[float]]
    ) -> tuple[NDArray[np.uint8], States]:
        """Plays one frame in every scene.

        Args:
            actions: `(b, 10)`; see the table in `player.py`.

        Returns:
            The next pictures `(b, h, w, 3)`, and where everybody is in them.
        """
        if not self.playing:
            raise BadInput("call reset before the first step")
        rows = np.asarray(actions, np.float64)
        if rows.shape != (len(self.playing), NUM_ACTIONS):
            raise BadInput(
                f"actions are ({len(self.playing)}, {NUM_ACTIONS}), got {rows.shape}: a row a scene"
            )
        if not np.isfinite(rows).all():
            raise BadInput("an action is not a finite number: look in radians, keys 0 or 1")
        for one, row in zip(self.playing, rows, strict=True):
            one.step(row)
        return self._draw(), self.states()

    @property
    def specs(self) -> tuple[SceneSpec, ...]:
        """The scenes with what was played so far; drawing them gives the same bytes."""
        return tuple(one.played() for one in self.playing)

    def states(self) -> States:
        """Where everybody is now."""
        rows = np.stack([one.game.player for one in self.playing])
        held = [
            one.game.yard.ids[int(one.game.player[HELD])] if one.game.player[HELD] >= 0 else 0
            for one in self.playing
        ]
        return States(
            frame=np.array([one.frame for one in self.playing]),
            position=rows[:, [X, Y, Z]],
            velocity=rows[:, 3:6],
            heading=rows[:, HEADING],
            pitch=rows[:, PITCH],
            held=np.array(held, np.int64),
            touched=rows[:, TOUCH] > 0.5,
            things=tuple(
                (np.array(one.game.yard.ids, np.int64), one.game.things[:, [TX, TY, TZ]].copy())
                for one in self.playing
            ),
        )

    def _draw(self) -> NDArray[np.uint8]:
        from evenflow.world.clip import need_torch

        need_torch()
        from evenflow.world.render import render

        drawn = render(
            [one.now() for one in self.playing], device=self.device, antialias=self.antialias
        )
        return np.stack([pictures[0].cpu().numpy() for pictures in drawn.frames])


MACROS: tuple[tuple[str, ...], ...] = (
    (), ("forward",), ("forward",), ("back",), ("left",), ("right",), ("turn left",),
    ("turn right",), ("forward", "turn left"), ("forward", "turn right"), ("jump",),
    ("forward", "jump"), ("interact",), ("look",), ("look", "forward"),
)  # fmt: skip
"""What a random player does for a while; `look` turns the view evenly in some direction."""


def random_actions(seed: int, frames: int) -> NDArray[np.float64]:
    """Actions `(t, 10)` of a player who does not look.

    One row of MACROS after the other, each for 4 to 24 frames; both are drawn evenly and never by
    what is seen, so that such data has no habits.

    Source: Yu et al. 2025, GameFactory, arXiv:2501.08325, section 4.1 (unbiased random actions).
    """
    rng = np.random.default_rng([seed, 9008])
    rows = np.zeros((frames, NUM_ACTIONS))
    at = 0
    while at < frames:
        macro = MACROS[int(rng.integers(len(MACROS)))]
        num = int(rng.integers(4, 25))
        look = rng.uniform(-0.08, 0.08, 2) * (1.0, 0.4)
        for i in range(at, min(at + num, frames)):
            for key in macro:
                if key == "look":
                    rows[i, 8:] = np.round(look, 4)
                elif key in ("jump", "interact"):
                    rows[i, KEYS.index(key)] = float((i - at) % 8 == 0)
                else:
                    rows[i, KEYS.index(key)] = 1.0
        at += num
    return rows


def goal_actions(
    spec: SceneSpec, goal: int | tuple[float, float], frames: int
) -> tuple[tuple[float, ...], ...]:
    """Actions of a player who goes to somebody, or to a point of the ground, around what is there.

    Args:
        spec: see `playable`.
        goal: id of an entity, or `(x, z)`.
        frames: rows to give; the player stands when it is there.

    Raises:
        BadInput: no way leads there.
    """
    if isinstance(goal, int):
        if not any(one.id == goal for one in spec.cast):
            raise BadInput(f"there is no entity {goal}: the cast has {len(spec.cast)}")
        x, _, z = spec.entity(goal).position
        target = (x, z)
    else:
        target = goal
    way = find_way(spec, target)
    return drive(spec, way, frames=frames)


def find_way(
    spec: SceneSpec, target: tuple[float, float], *, cell: float = 0.2
) -> tuple[tuple[float, float], ...]:
    """Points from the player to the free place nearest to a target, around obstacles and things.

    Source: Hart, Nilsson, Raphael 1968, A formal basis for the heuristic determination of minimum
    cost paths; on a grid of eight neighbors, then shortened where the straight line is free.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    game = Game(spec)
    start = (float(game.player[X]), float(game.player[Z]))
    solid = game.yard.obstacles[game.yard.obstacles[:, OTOP] > 0.05]
    margin = 0.36
    points = [start, target]
    low = np.min(points, axis=0) - 3.0
    high = np.max(points, axis=0) + 3.0
    if len(solid):
        low = np.minimum(low, np.clip(solid[:, :2].min(0), low - 12, low + 12) - 1)
        high = np.maximum(high, np.clip(solid[:, :2].max(0), high - 12, high + 12) + 1)
    shape = np.ceil((high - low) / cell).astype(int) + 1
    gx, gz = np.meshgrid(
        low[0] + cell * np.arange(shape[0]), low[1] + cell * np.arange(shape[1]), indexing="ij"
    )
    flat = np.stack([gx.ravel(), gz.ravel()], axis=1)

    def is_free(places: NDArray) -> NDArray[np.bool_]:
        far = np.full(len(places), np.inf)
        for row in solid:
            far = np.minimum(far, _rim(row, places))
        for thing in game.things:
            gap = np.hypot(places[:, 0] - thing[TX], places[:, 1] - thing[TZ]) - thing[6]
            far = np.minimum(far, gap)
        return far > margin

    free = is_free(flat).reshape(shape[0], shape[1])
    number = np.arange(free.size).reshape(free.shape)
    rows, columns, costs = [], [], []
    for di, dj in ((1, 0), (0, 1), (1, 1), (1, -1)):
        a = number[: shape[0] - di, max(0, -dj) : shape[1] - max(0, dj)]
        b = number[di:, max(0, dj) : shape[1] + min(0, dj)]
        both = free.ravel()[a] & free.ravel()[b]
        rows.append(a[both])
        columns.append(b[both])
        costs.append(np.full(int(both.sum()), cell * np.hypot(di, dj)))
    graph = coo_array(
        (np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))),
        shape=(free.size, free.size),
    )
    near = np.where(free.ravel(), np.hypot(*(flat - start).T), np.inf)
    source = int(np.argmin(near))
    distance, before = dijkstra(graph, directed=False, indices=source, return_predecessors=True)
    gap = np.where(np.isfinite(distance), np.hypot(*(flat - target).T), np.inf)
    end = int(np.argmin(gap))
    if not np.isfinite(gap[end]) or gap[end] > 3.5:
        raise BadInput(f"no way leads to ({target[0]:.1f}, {target[1]:.1f}): it is walled in")
    way = [end]
    while way[-1] != source:
        way.append(int(before[way[-1]]))
    line = [start, *(tuple(float(v) for v in flat[k]) for k in reversed(way))]
    short = [line[0]]
    at = 0
    while at < len(line) - 1:
        far_on = len(line) - 1
        while far_on > at + 1:
            between = np.linspace(line[at], line[far_on], max(2, int(
                np.hypot(line[far_on][0] - line[at][0], line[far_on][1] - line[at][1]) / 0.08
            )))  # fmt: skip
            if at == 0:
                between = between[1:]
            if is_free(between).all():
                break
            far_on -= 1
        at = far_on
        short.append(line[at])
    return tuple((float(x), float(z)) for x, z in short)


def _rim(row: Array, places: NDArray) -> Array:
    """Distance from points `(k, 2)` to the rim of an obstacle."""
    c, s = row[2], row[3]
    dx, dz = places[:, 0] - row[0], places[:, 1] - row[1]
    u, w = np.abs(c * dx + s * dz) - row[4], np.abs(-s * dx + c * dz) - row[5]
    outside = np.hypot(np.maximum(u, 0), np.maximum(w, 0))
    return outside + np.minimum(np.maximum(u, w), 0) - row[6]
