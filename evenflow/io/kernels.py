"""The inner loops of color conversion: compiled, without the GIL, one result on every machine.

8-bit pictures are converted in 32-bit fixed point with 20 fractional bits, deeper ones in float32
without fused or reordered arithmetic, so a result depends neither on the processor nor on threads.

Chroma goes up to the luma grid by linear interpolation and down by the dual filter of the same
biorthogonal pair, so that down(up(c)) = c: on even columns `(1/2, 1, 1/2)` up and
`(-1, 2, 6, 2, -1)/8` down; between samples `(1, 3, 3, 1)/4` up and `(-1, 3, 3, -1)/4` down.

Source: Cohen, Daubechies, Feauveau 1992, Biorthogonal bases of compactly supported wavelets,
tables 6.1 (spline filters 2/2 and 3/1).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

SHIFT = 20

Sampling = tuple[int, int, bool]
"""How often chroma is halved across and down, and whether it sits between luma columns."""


def fixed_point(
    weights: NDArray[np.float64], black: float, swing: float, zero: float, chroma_swing: float
) -> NDArray[np.int32]:
    """Matrix and rounding for `yuv8_to_rgb`: rows r, g, b; columns Y, 8 Cb, 8 Cr, constant."""
    one = float(1 << SHIFT) * 255.0
    table = np.empty((3, 4), np.int64)
    for row in range(3):
        y, cb, cr = weights[row] * np.array([1 / swing, 1 / chroma_swing, 1 / chroma_swing])
        table[row, 0] = round(y * one)
        table[row, 1] = round(cb * one / 8)
        table[row, 2] = round(cr * one / 8)
        offset = -(y * black + (cb + cr) * zero) * one
        table[row, 3] = round(offset) + (1 << (SHIFT - 1))
    return table.astype(np.int32)


@njit(nogil=True, cache=True)
def _up_row_int(
    c: NDArray,
    r: int,
    num_rows: int,
    log2_w: int,
    log2_h: int,
    centered: bool,
    width: int,
    mixed: NDArray,
    out: NDArray,
) -> None:
    """Chroma of luma row `r` on the luma grid, times 8."""
    num = c.shape[1]
    if log2_h == 0:
        for i in range(num):
            mixed[i] = np.int32(c[r, i]) * 4
    elif log2_h == 1:
        a = r >> 1
        b = a + 1 if r & 1 else a - 1
        b = min(max(b, 0), num_rows - 1)
        for i in range(num):
            mixed[i] = np.int32(c[a, i]) * 3 + np.int32(c[b, i])
    else:
        # 4:1:0: samples sit at luma rows 1.5, 5.5, ...; weights in eighths, halved to fit.
        p = 2 * r - 3
        a = p >> 3
        w = p - (a << 3)
        b = min(max(a + 1, 0), num_rows - 1)
        a = min(max(a, 0), num_rows - 1)
        for i in range(num):
            mixed[i] = (np.int32(c[a, i]) * (8 - w) + np.int32(c[b, i]) * w + 1) >> 1
    if log2_w == 0:
        for x in range(width):
            out[x] = mixed[x] * 2
    elif log2_w == 1 and not centered:
        half = width >> 1
        for i in range(num):
            out[2 * i] = mixed[i] * 2
        for i in range(min(half, num - 1)):
            out[2 * i + 1] = mixed[i] + mixed[i + 1]
        if half == num:
            out[2 * num - 1] = mixed[num - 1] * 2
    elif log2_w == 1:
        # Between the columns: 3/4 and 1/4; eighths do not hold sixteenths, so round once here.
        for i in range(num):
            left = mixed[max(i - 1, 0)]
            right = mixed[min(i + 1, num - 1)]
            out[2 * i] = (3 * mixed[i] + left + 1) >> 1
            if 2 * i + 1 < width:
                out[2 * i + 1] = (3 * mixed[i] + right + 1) >> 1
    else:
        for x in range(width):
            if centered:
                p = 2 * x - 3
                a = p >> 3
                w = p - (a << 3)
                b = min(max(a + 1, 0), num - 1)
                a = min(max(a, 0), num - 1)
                out[x] = ((8 - w) * mixed[a] + w * mixed[b] + 2) >> 2
            else:
                a = x >> 2
                w = x & 3
                b = min(a + 1, num - 1)
                out[x] = ((4 - w) * mixed[a] + w * mixed[b] + 1) >> 1


@njit(nogil=True, cache=True)
def yuv8_to_rgb(
    y: NDArray, u: NDArray, v: NDArray, k: NDArray, sampling: Sampling, out: NDArray
) -> None:
    """Planar 8-bit Y'CbCr to RGB in `out[:, :, :3]`; `sampling` is (log2_w, log2_h, centered)."""
    log2_w, log2_h, centered = sampling
    height, width = y.shape
    num_rows, num = u.shape
    mixed = np.empty(num + 2, np.int32)
    cu = np.empty(width + 4, np.int32)
    cv = np.empty(width + 4, np.int32)
    rgb = np.empty((3, width), np.uint8)
    k00, k02, k03 = k[0, 0], k[0, 2], k[0, 3]
    k10, k11, k12, k13 = k[1, 0], k[1, 1], k[1, 2], k[1, 3]
    k20, k21, k23 = k[2, 0], k[2, 1], k[2, 3]
    three = out.shape[2] == 3
    for r in range(height):
        _up_row_int(u, r, num_rows, log2_w, log2_h, centered, width, mixed, cu)
        _up_row_int(v, r, num_rows, log2_w, log2_h, centered, width, mixed, cv)
        row = y[r]
        red, green, blue = rgb[0], rgb[1], rgb[2]
        for x in range(width):
            luma = np.int32(row[x])
            a = np.int32(luma * k00 + cv[x] * k02 + k03) >> 20
            b = np.int32(luma * k10 + cu[x] * k11 + cv[x] * k12 + k13) >> 20
            c = np.int32(luma * k20 + cu[x] * k21 + k23) >> 20
            red[x] = min(max(a, 0), 255)
            green[x] = min(max(b, 0), 255)
            blue[x] = min(max(c, 0), 255)
        line = out[r]
        if three:
            flat = line.reshape(width * 3)
            for x in range(width):
                flat[3 * x] = red[x]
                flat[3 * x + 1] = green[x]
                flat[3 * x + 2] = blue[x]
        else:
            for x in range(width):
                line[x, 0] = red[x]
                line[x, 1] = green[x]
                line[x, 2] = blue[x]


@njit(nogil=True, cache=True)
def _up_row_float(
    c: NDArray,
    r: int,
    num_rows: int,
    log2_w: int,
    log2_h: int,
    centered: bool,
    width: int,
    mixed: NDArray,
    out: NDArray,
) -> None:
    num = c.shape[1]
    if log2_h == 0:
        for i in range(num):
            mixed[i] = np.float32(c[r, i])
    else:
        if log2_h == 1:
            a = r >> 1
            b = a + 1 if r & 1 else a - 1
            w = np.float32(0.25)
        else:
            p = 2 * r - 3
            a = p >> 3
            w = np.float32(p - (a << 3)) * np.float32(0.125)
            b = a + 1
        a = min(max(a, 0), num_rows - 1)
        b = min(max(b, 0), num_rows - 1)
        s = np.float32(1.0) - w
        for i in range(num):
            mixed[i] = s * np.float32(c[a, i]) + w * np.float32(c[b, i])
    if log2_w == 0:
        for x in range(width):
            out[x] = mixed[x]
        return
    for x in range(width):
        if log2_w == 1:
            a = x >> 1
            if centered:
                b = a + 1 if x & 1 else a - 1
                w = np.float32(0.25)
            else:
                b = a + 1
                w = np.float32(0.5) if x & 1 else np.float32(0.0)
        elif centered:
            p = 2 * x - 3
            a = p >> 3
            w = np.float32(p - (a << 3)) * np.float32(0.125)
            b = a + 1
        else:
            a = x >> 2
            w = np.float32(x & 3) * np.float32(0.25)
            b = a + 1
        a = min(max(a, 0), num - 1)
        b = min(max(b, 0), num - 1)
        out[x] = (np.float32(1.0) - w) * mixed[a] + w * mixed[b]


@njit(nogil=True, cache=True)
def yuv16_to_rgb(
    y: NDArray, u: NDArray, v: NDArray, k: NDArray, base: NDArray, sampling: Sampling, out: NDArray
) -> None:
    """Planar 9- to 16-bit Y'CbCr to full-scale 16-bit RGB in `out[:, :, :3]`."""
    log2_w, log2_h, centered = sampling
    height, width = y.shape
    num_rows, num = u.shape
    mixed = np.empty(num + 2, np.float32)
    cu = np.empty(width + 4, np.float32)
    cv = np.empty(width + 4, np.float32)
    black, zero = base[0], base[1]
    half, white, none = np.float32(0.5), np.float32(65535.0), np.float32(0.0)
    for r in range(height):
        _up_row_float(u, r, num_rows, log2_w, log2_h, centered, width, mixed, cu)
        _up_row_float(v, r, num_rows, log2_w, log2_h, centered, width, mixed, cv)
        for x in range(width):
            luma = np.float32(y[r, x]) - black
            b = cu[x] - zero
            c = cv[x] - zero
            for i in range(3):
                value = luma * k[i, 0] + b * k[i, 1] + c * k[i, 2] + half
                out[r, x, i] = np.uint16(min(max(value, none), white))


@njit(nogil=True, cache=True)
def stretch(plane: NDArray, gain: np.float32, out: NDArray, channel: int) -> None:
    """One deep plane to full-scale 16 bit: `round(plane * gain)` into `out[:, :, channel]`."""
    white = np.float32(65535.0)
    for r in range(plane.shape[0]):
        for x in range(plane.shape[1]):
            value = np.float32(plane[r, x]) * gain + np.float32(0.5)
            out[r, x, channel] = np.uint16(min(value, white))


@njit(nogil=True, cache=True)
def pick(packed: NDArray, picks: NDArray, out: NDArray) -> None:
    """Reorders the components of a packed picture: `out[..., c] = packed[..., picks[c]]`."""
    for r in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                out[r, x, c] = packed[r, x, picks[c]]


@njit(nogil=True, cache=True)
def _down_rows(full: NDArray, log2_h: int, down: NDArray) -> None:
    """Columns stay; rows `(h, w)` to chroma rows, samples between luma rows."""
    height, width = full.shape
    if log2_h == 0:
        for r in range(height):
            for x in range(width):
                down[r, x] = full[r, x]
        return
    for i in range(down.shape[0]):
        if log2_h == 1:
            r0 = 2 * i
            r1 = min(r0 + 1, height - 1)
            before = max(r0 - 1, 0)
            after = min(r0 + 2, height - 1)
            for x in range(width):
                inner = full[r0, x] + full[r1, x]
                outer = full[before, x] + full[after, x]
                down[i, x] = np.float32(0.75) * inner - np.float32(0.25) * outer
        else:
            for x in range(width):
                total = np.float32(0.0)
                for j in range(4):
                    total += full[min(4 * i + j, height - 1), x]
                down[i, x] = total * np.float32(0.25)


@njit(nogil=True, cache=True)
def _down_row(
    row: NDArray,
    width: int,
    log2_w: int,
    centered: bool,
    top: np.float32,
    zero: np.float32,
    out: NDArray,
) -> None:
    """One row of chroma on the luma grid to `out`, rounded and clipped."""
    half, none = np.float32(0.5), np.float32(0.0)
    for i in range(out.shape[0]):
        if log2_w == 0:
            value = row[i]
        elif log2_w == 1 and not centered:
            x = 2 * i
            # Whole-sample mirror on the left; on the right the last odd column repeats.
            b1 = abs(x - 1)
            b2 = abs(x - 2)
            a1 = x + 1 if x + 1 < width else b1
            a2 = x + 2
            if a2 >= width:
                a2 = a1 if x + 1 < width else b2
            b1, b2 = min(b1, width - 1), min(b2, width - 1)
            near = row[b1] + row[min(a1, width - 1)]
            far = row[b2] + row[min(a2, width - 1)]
            value = np.float32(0.75) * row[x] + np.float32(0.25) * near - np.float32(0.125) * far
        elif log2_w == 1:
            x = 2 * i
            x1 = min(x + 1, width - 1)
            inner = row[x] + row[x1]
            outer = row[max(x - 1, 0)] + row[min(x + 2, width - 1)]
            value = np.float32(0.75) * inner - np.float32(0.25) * outer
        elif centered:
            value = none
            for j in range(4):
                value += row[min(4 * i + j, width - 1)]
            value *= np.float32(0.25)
        else:
            value = none
            for j in range(-3, 4):
                x = min(abs(4 * i + j), width - 1)
                value += row[x] * np.float32(4 - abs(j))
            value *= np.float32(0.0625)
        out[i] = np.uint16(min(max(value + zero + half, none), top))


@njit(nogil=True, cache=True)
def rgb_to_yuv(
    rgb: NDArray, k: NDArray, base: NDArray, sampling: Sampling, y: NDArray, u: NDArray, v: NDArray
) -> None:
    """RGB `(h, w, >= 3)` to planar Y'CbCr of any depth; luma and chroma are each rounded once."""
    log2_w, log2_h, centered = sampling
    height, width = rgb.shape[0], rgb.shape[1]
    black, zero, top = base[0], base[1], base[2]
    half, none = np.float32(0.5), np.float32(0.0)
    fu = np.empty((height, width), np.float32)
    fv = np.empty((height, width), np.float32)
    for r in range(height):
        for x in range(width):
            a = np.float32(rgb[r, x, 0])
            b = np.float32(rgb[r, x, 1])
            c = np.float32(rgb[r, x, 2])
            luma = a * k[0, 0] + b * k[0, 1] + c * k[0, 2] + black + half
            y[r, x] = np.uint16(min(max(luma, none), top))
            fu[r, x] = a * k[1, 0] + b * k[1, 1] + c * k[1, 2]
            fv[r, x] = a * k[2, 0] + b * k[2, 1] + c * k[2, 2]
    du = np.empty((u.shape[0], width), np.float32)
    dv = np.empty((u.shape[0], width), np.float32)
    _down_rows(fu, log2_h, du)
    _down_rows(fv, log2_h, dv)
    for i in range(u.shape[0]):
        _down_row(du[i], width, log2_w, centered, top, zero, u[i])
        _down_row(dv[i], width, log2_w, centered, top, zero, v[i])
