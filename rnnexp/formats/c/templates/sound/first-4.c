/* The first stage: of four windowed numbers each, of which only those of so many rows are not 0. */
INLINE void first_of(const int16_t *samples, int louder, part *parts, int32_t i, int rows)
{
    const part ar = WINDOWED(0, 0), ai = WINDOWED(0, 1), br = WINDOWED(1, 0), bi = WINDOWED(1, 1);
    const part cr = WINDOWED(2, 0), ci = WINDOWED(2, 1), dr = WINDOWED(3, 0), di = WINDOWED(3, 1);
    of_four(parts + i, WIDTH, ar, ai, br, bi, cr, ci, dr, di);
}
