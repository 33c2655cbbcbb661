
INLINE int32_t codes_of_inputs(const int16_t *inputs, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i += 2) {
        const accumulator first = clamp(inputs[i], $lowest_input, $highest_input);
        const accumulator second = i + 1 < count ? clamp(inputs[i + 1], $lowest_input, $highest_input) : 0;
        sum += codes_of_pair((int32_t)first, (int32_t)second, codes);
        codes += 3;
    }
    return sum;
}

