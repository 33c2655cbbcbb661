/* The same for input codes, which are values without their last $radix_bits bits. */
static void input_codes(const int8_t *input, int count, int16_t *codes)
{
    int i;
    for (i = 0; i < count; i++) {
        codes[2 * i] = (int16_t)($code_unit * $radix * input[i]);
        codes[2 * i + 1] = (int16_t)($code_unit * input[i]);
    }
}

