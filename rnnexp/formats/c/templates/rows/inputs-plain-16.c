
INLINE int32_t codes_of_inputs(const int16_t *inputs, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i++) {
        sum += code_of((int16_t)clamp(inputs[i], $lowest_input, $highest_input), codes + 2 * i);
    }
    if (count & 1) {
        (void)code_of(0, codes + 2 * i);
    }
    return sum;
}

