/* The first stage: of four windowed numbers each, of which those behind the frame are 0. */
static void first_stage(const int16_t *samples, int louder, part *parts)
{
    int32_t i;
    for (i = 0; i < WIDTH; i += 2) {
        of_four(
            parts + i, WIDTH, windowed(samples, 0, i, louder), windowed(samples, 0, i + 1, louder),
            windowed(samples, 1, i, louder), windowed(samples, 1, i + 1, louder), windowed(samples, 2, i, louder),
            windowed(samples, 2, i + 1, louder), windowed(samples, 3, i, louder), windowed(samples, 3, i + 1, louder));
    }
}
