
INLINE int32_t codes_of_inputs(const int16_t *inputs, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i += 2) {
        const accumulator first = clamp(inputs[i], $lowest_input, $highest_input);
        const accumulator second = i + 1 < count ? clamp(inputs[i + 1], $lowest_input, $highest_input) : 0;
        const int32_t both = ((int32_t)first & 0xffff) | (int32_t)((uint32_t)second << 16);
        sum = __smlad(codes_of_pair(both, codes + i), 0x10001, sum);
    }
    return sum;
}

