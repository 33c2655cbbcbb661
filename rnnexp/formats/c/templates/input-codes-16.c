/* The same for input codes, which are values. */
static void input_codes(const int16_t *input, int count, int16_t *codes)
{
    int i;
    for (i = 0; i < count; i++) {
        const int16_t value = (int16_t)clamp(input[i], $lowest_input, $highest_input);
        value_codes(&value, 1, codes + 2 * i);
    }
}

