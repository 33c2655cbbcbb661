
INLINE int32_t codes_of_inputs(const int8_t *inputs, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i + 1 < count; i += 2) {
        const int32_t first = 64 * inputs[i], second = 64 * inputs[i + 1];
        sum += first + second;
        codes[i / 2] = (first & 0xffff) | (int32_t)((uint32_t)second << 16);
    }
    if (count & 1) {
        sum += 64 * inputs[i];
        codes[i / 2] = 64 * inputs[i] & 0xffff;
    }
    return sum;
}

