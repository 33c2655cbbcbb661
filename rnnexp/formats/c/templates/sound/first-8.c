#define ROOT_OF_HALF(value) (2 * TIMES(value, FACTOR(1518500250)))

/* The first stage: of eight windowed numbers each, of which those behind the frame are 0. */
static void first_stage(const int16_t *samples, int louder, part *parts)
{
    int32_t i;
    for (i = 0; i < WIDTH; i += 2) {
        const part ar = windowed(samples, 0, i, louder), ai = windowed(samples, 0, i + 1, louder);
        const part br = windowed(samples, 1, i, louder), bi = windowed(samples, 1, i + 1, louder);
        const part cr = windowed(samples, 2, i, louder), ci = windowed(samples, 2, i + 1, louder);
        const part dr = windowed(samples, 3, i, louder), di = windowed(samples, 3, i + 1, louder);
        const part er = windowed(samples, 4, i, louder), ei = windowed(samples, 4, i + 1, louder);
        const part fr = windowed(samples, 5, i, louder), fi = windowed(samples, 5, i + 1, louder);
        const part gr = windowed(samples, 6, i, louder), gi = windowed(samples, 6, i + 1, louder);
        const part hr = windowed(samples, 7, i, louder), hi = windowed(samples, 7, i + 1, louder);
        const part b_r = br - fr, b_i = bi - fi, d_r = dr - hr, d_i = di - hi;
        of_four(parts + i, WIDTH, ar + er, ai + ei, br + fr, bi + fi, cr + gr, ci + gi, dr + hr, di + hi);
        /* Turned by an eighth, a quarter, and three eighths. */
        of_four(
            parts + i + 4 * WIDTH, WIDTH, ar - er, ai - ei, ROOT_OF_HALF(b_r + b_i), ROOT_OF_HALF(b_i - b_r), ci - gi,
            gr - cr, ROOT_OF_HALF(d_i - d_r), ROOT_OF_HALF(-d_r - d_i));
    }
}
