/* The fine and the coarse code of every value. */
static void value_codes(const int16_t *values, int count, int16_t *codes)
{
    int i;
    for (i = 0; i < count; i++) {
        codes[2 * i] = (int16_t)($code_unit * values[i]);
        codes[2 * i + 1] = (int16_t)($code_unit * round_shift(values[i], $radix_bits));
    }
}

