#define ROOT_OF_HALF(value) (2 * TIMES(value, FACTOR(1518500250)))

/* The first stage: of eight windowed numbers each, of which only those of so many rows are not 0. */
INLINE void first_of(const int16_t *samples, int louder, part *parts, int32_t i, int rows)
{
    const part ar = WINDOWED(0, 0), ai = WINDOWED(0, 1), br = WINDOWED(1, 0), bi = WINDOWED(1, 1);
    const part cr = WINDOWED(2, 0), ci = WINDOWED(2, 1), dr = WINDOWED(3, 0), di = WINDOWED(3, 1);
    const part er = WINDOWED(4, 0), ei = WINDOWED(4, 1), fr = WINDOWED(5, 0), fi = WINDOWED(5, 1);
    const part gr = WINDOWED(6, 0), gi = WINDOWED(6, 1), hr = WINDOWED(7, 0), hi = WINDOWED(7, 1);
    const part b_r = br - fr, b_i = bi - fi, d_r = dr - hr, d_i = di - hi;
    of_four(parts + i, WIDTH, ar + er, ai + ei, br + fr, bi + fi, cr + gr, ci + gi, dr + hr, di + hi);
    /* Turned by an eighth, a quarter, and three eighths. */
    of_four(
        parts + i + 4 * WIDTH, WIDTH, ar - er, ai - ei, ROOT_OF_HALF(b_r + b_i), ROOT_OF_HALF(b_i - b_r), ci - gi,
        gr - cr, ROOT_OF_HALF(d_i - d_r), ROOT_OF_HALF(-d_r - d_i));
}
