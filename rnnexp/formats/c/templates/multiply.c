/* A weight is two numbers: the upper one meets a value's fine code, the lower one its coarse code. */
static accumulator multiply(const int8_t FLASH *weights, accumulator sum, const int16_t *codes, int count, int shift)
{
    int i;
    for (i = 0; i < count; i++) {
        sum += (accumulator)weights[i] * codes[i];
    }
    return round_shift(sum, shift);
}

