/* value / 2**bits, rounded to nearest. */
INLINE accumulator round_shift(accumulator value, int bits)
{
    value += (accumulator)1 << (bits - 1);
    return FLOOR_SHIFT(value, bits);
}

