"""The figure of a player: feet that are planted step by step, without knowing what comes.

A foot that carries stays where it landed; one that swings goes to where it will land if the body
goes on as it does now, so feet do not slide, however the player turns. The phase is distance over
stride; who has stopped brings the feet together with a last step, and who turns on the spot steps
around. Bodies and bones are those of all walkers (`posing.py`).

Source: the phase as in `gait.py`; footholds half a stance ahead of the hip, Raibert 1986, Legged
robots that balance, chapter 2 (the neutral point).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.world import bodies, things
from evenflow.world.animation import Animation
from evenflow.world.cameras import ease
from evenflow.world.gait import FOUR_LEGS, TWO_LEGS, pace, stride_of
from evenflow.world.player import (
    GROUNDED,
    HEADING,
    HELD,
    PITCH,
    TH,
    TX,
    TY,
    TZ,
    VX,
    VZ,
    Game,
    X,
    Y,
    Z,
)
from evenflow.world.posing import neutral, pose, still
from evenflow.world.spec import SceneSpec

D = NDArray[np.float64]

FINE = 5
"""Steps that a frame is cut into for the feet."""
IDLE_HERTZ = 1.5
"""Cycles a second of somebody who only brings the feet together."""
OFF = 0.16
"""How far a foot may be from where it belongs, as a share of the height, when nobody walks."""


@dataclass(frozen=True)
class FigurePose:
    """Parts and joints in one frame.

    Args:
        position, rotation: of the parts, `(p, 3)` and `(p, 3, 3)`, float32.
        joints, feet, stance, phase: see `Skeletons`.
    """

    position: NDArray[np.float32]
    rotation: NDArray[np.float32]
    joints: NDArray[np.float32]
    feet: NDArray[np.float32]
    stance: NDArray[np.bool_]
    phase: float


class Figure:
    """A player's body.

    Args:
        spec: its `player` is a walker.
        base: the scene with the walker in it, simulated, which gives the number of parts.
        game: what moves it.
    """

    def __init__(self, spec: SceneSpec, base: Animation, game: Game) -> None:
        one = spec.entity(spec.player)
        self.one, self.game, self.seed = one, game, spec.seed
        self.dt = 1.0 / float(spec.fps)
        self.time, self.phase, self.activity = 0.0, 0.0, 0.0
        self.high = 2 * one.size
        self.stride = stride_of(one.kind, one.size, pace(one.kind, one.size))
        self.rest = neutral(one.kind, one.size)
        self.table = bodies.build(one.kind).parts
        if int((base.parts.entity == one.id).sum()) != len(self.table):
            raise BadInput(f"the {one.kind} of this scene has other parts than walkers have")
        num = len(self.rest)
        self.gait = "walk" if num == 2 else "trot"
        self.offsets: tuple[float, ...]
        self.offsets, self.duty = (TWO_LEGS if num == 2 else FOUR_LEGS)[self.gait]
        heading = float(game.player[HEADING])
        self.balls = np.zeros((num, 3))
        for k in range(num):
            self.balls[k] = self._belongs(k, heading)
        self.face = np.full(num, heading)
        self.lifted = self.balls.copy()  # where each foot left the ground
        self.lifted_face = self.face.copy()
        self.carries = np.ones(num, np.bool_)
        self.begun = np.zeros(num)  # share of the swing that was over when each foot was lifted
        self.moved = False
        self.pitch = np.zeros(num)
        self.before = game.player[[X, Y, Z, HEADING]].copy()
        self.landed = 1.0  # seconds since the last landing
        self.hold = 0.0

    def _belongs(self, foot: int, heading: float, at: D | None = None) -> D:
        """Where a foot of somebody who stands is."""
        x, y, z = self.game.player[[X, Y, Z]] if at is None else at
        right, ahead = self.rest[foot]
        c, s = np.cos(heading), np.sin(heading)
        return np.array([x + c * right - s * ahead, y, z + s * right + c * ahead])

    def advance(self) -> None:
        """Goes on by the frame that the game has just gone on by."""
        after = self.game.player[[X, Y, Z, HEADING]].copy()
        for i in range(1, FINE + 1):
            share = i / FINE
            now = self.before + (after - self.before) * share
            self._step(now, (after - self.before) / self.dt, self.dt / FINE)
        self.before = after
        self.time += self.dt

    def _step(self, now: D, rate: D, dt: float) -> None:
        """A fine step of the feet: `now` is x, y, z, heading, `rate` the same per second."""
        one = self.one
        at, heading = now[:3], float(now[3])
        speed = float(np.hypot(rate[0], rate[2]))
        # Sideways steps have a shorter stride.
        along = abs(-rate[0] * np.sin(heading) + rate[2] * np.cos(heading)) / max(speed, 1e-9)
        wanted = stride_of(one.kind, one.size, max(speed, 0.3)) * (0.55 + 0.45 * along)
        self.stride += (wanted - self.stride) * (1 - np.exp(-dt / 0.15))
        moving = speed > 0.12
        self.activity += ((1.0 if moving else 0.0) - self.activity) * (1 - np.exp(-dt / 0.14))
        self.hold += ((1.0 if self.game.player[HELD] >= 0 else 0.0) - self.hold) * (
            1 - np.exp(-dt / 0.1)
        )
        grounded = self.game.player[GROUNDED] > 0.5 and abs(rate[1]) < 1e-9
        if not grounded:
            self.landed = 0.0
            for k in range(len(self.balls)):  # feet hang below the body
                goal = self._belongs(k, heading, at)
                goal[1] += 0.05 * self.high
                share = 1 - np.exp(-dt / 0.06)
                self.balls[k] += (goal - self.balls[k]) * share
                self.balls[k, 1] = max(self.balls[k, 1], at[1])
                self.face[k] += (heading - self.face[k]) * share
                self.pitch[k] += (0.45 - self.pitch[k]) * share
                self.carries[k] = False
            return
        if self.landed == 0.0:  # it has come down: feet stand where they are
            for k in range(len(self.balls)):
                self.balls[k, 1], self.carries[k], self.pitch[k] = at[1], True, 0.0
            self.phase = round(2 * self.phase) / 2 + 0.5 * (self.duty - 0.5)
        self.landed += dt
        cycles = speed / self.stride if moving else 0.0
        if moving and not self.moved and self.carries.all():
            self.phase = (
                np.floor(self.phase) + (self.duty - 0.5) % 1.0
            )  # the second foot goes first
        self.moved = moving
        late = any(
            np.hypot(*(self.balls[k] - self._belongs(k, heading, at))[[0, 2]]) > OFF * self.high
            or abs(self._turn(heading, self.face[k])) > 0.6
            for k in range(len(self.balls))
        )
        if not self.carries.all() or late:
            cycles = max(cycles, IDLE_HERTZ)
        behind = max(
            self.carries[k] * np.hypot(*(self.balls[k] - self._belongs(k, heading, at))[[0, 2]])
            for k in range(len(self.balls))
        )
        if behind > 0.62 * self.duty * self.stride:  # quick short steps until the feet keep up
            cycles *= 1.7
        before = self.phase
        self.phase += cycles * dt
        for k in range(len(self.balls)):
            self._foot(k, before, cycles, at, heading, rate, moving)

    def _foot(
        self, k: int, before: float, cycles: float, at: D, heading: float, rate: D, moving: bool
    ) -> None:
        duty = self.duty
        was = (before + self.offsets[k]) % 1.0
        now = (self.phase + self.offsets[k]) % 1.0
        if self.carries[k]:
            begun = max((now - duty) / (1.0 - duty), 0.0)
            lifts = was < duty <= now or (now >= duty and begun < 0.5 and self.landed > 0.05)
            if not (lifts and cycles > 0):
                return
            gone = self.balls[k] - self._belongs(k, heading, at)
            off = np.hypot(gone[0], gone[2]) > 0.03 * self.high
            if not moving and not off and abs(self._turn(heading, self.face[k])) < 0.15:
                return  # it stands well already
            self.carries[k], self.begun[k] = False, begun
            self.lifted[k], self.lifted_face[k] = self.balls[k], self.face[k]
        if now < duty:  # it lands
            now = 1.0
        u = min(max((now - duty) / (1.0 - duty), 0.0), 1.0)
        u = (u - self.begun[k]) / (1.0 - self.begun[k])
        left = (
            (1.0 - u) * (1.0 - self.begun[k]) * (1.0 - duty) / max(cycles, 1e-6)
        )  # seconds until it lands
        reach = 0.5 * duty / max(cycles, 1e-6) if moving else 0.0
        ahead = (left + reach) * np.array([rate[0], 0.0, rate[2]])
        far = float(np.hypot(ahead[0], ahead[2]))
        ahead *= min(1.0, 0.62 * self.stride / max(far, 1e-9))
        turn = heading + float(np.clip(rate[3] * left, -0.6, 0.6))
        goal = self._belongs(k, turn, at) + ahead
        share = float(ease(np.array(u)))
        self.balls[k] = self.lifted[k] + (goal - self.lifted[k]) * share
        lift = 0.055 if len(self.balls) == 2 else 0.07
        step = np.hypot(*(goal - self.lifted[k])[[0, 2]])
        height = lift * self.high * min(1.0, 0.35 + step / (0.5 * self.stride))
        self.balls[k, 1] = at[1] + height * np.sin(np.pi * u)
        self.face[k] = self.lifted_face[k] + self._turn(turn, self.lifted_face[k]) * share
        self.pitch[k] = 0.55 * np.sin(2 * np.pi * u) * (1.0 if u < 0.5 else 0.6)
        if u >= 1.0:
            self.carries[k], self.pitch[k], self.balls[k, 1] = True, 0.0, at[1]

    @staticmethod
    def _turn(to: float, since: float) -> float:
        return float((to - since + np.pi) % (2 * np.pi) - np.pi)

    def pose(self) -> FigurePose:
        """The body as it is now."""
        one, p = self.one, self.game.player
        m = still(np.array([self.time]), len(self.balls))
        m.root[0] = p[[X, Y, Z]]
        m.heading[0] = p[HEADING]
        m.balls[0], m.face[0], m.pitch[0] = self.balls, self.face, self.pitch
        m.carries[0] = self.carries
        m.phase[0], m.activity[0], m.stride[0] = self.phase % 1.0, self.activity, self.stride
        m.squat[0] = 0.7 * float(np.exp(-(((self.landed - 0.09) / 0.09) ** 2)))
        m.look[0] = (0.0, 0.8 * p[PITCH])
        m.seed = [self.seed, one.id]
        held = int(p[HELD])
        if held >= 0 and len(self.balls) == 2:
            thing = self.game.things[held]
            c, s = np.cos(p[HEADING]), np.sin(p[HEADING])
            for k, sign in enumerate((-1.0, 1.0)):
                side = sign * min(float(thing[6]), 0.22 * self.high)
                m.hands[0, k] = (
                    thing[TX] + c * side, thing[TY] + 0.5 * thing[TH], thing[TZ] + s * side
                )  # fmt: skip
            m.hands_weight[0] = self.hold
        found = pose(one.kind, one.size, m)
        num = len(self.table)
        position, rotation = np.empty((num, 3)), np.empty((num, 3, 3))
        for i, part in enumerate(self.table):
            turn = found.rotation[0, part.bone]
            local = np.array(part.at) * self.high
            position[i] = found.origin[0, part.bone] + (
                turn[:, 0] * local[0] + turn[:, 1] * local[1] + turn[:, 2] * local[2]
            )
            own = things.turn(part.pitch, 0.0, part.roll)
            for column in range(3):
                rotation[i, :, column] = (
                    turn[:, 0] * own[0, column]
                    + turn[:, 1] * own[1, column]
                    + turn[:, 2] * own[2, column]
                )
        soles = found.soles[0]
        carries = self.carries if len(self.carries) == 4 else self.carries[[0, 1, 0, 1]]
        return FigurePose(
            position.astype(np.float32),
            rotation.astype(np.float32),
            found.joints[0].astype(np.float32),
            soles.astype(np.float32),
            carries.copy(),
            float(self.phase),
        )

    @property
    def speed(self) -> float:
        """World units a second over the ground."""
        return float(np.hypot(self.game.player[VX], self.game.player[VZ]))
