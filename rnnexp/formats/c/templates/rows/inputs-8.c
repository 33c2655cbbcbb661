
INLINE int32_t codes_of_inputs(const int8_t *inputs, int count, value_code *codes)
{
    int32_t sum = 0;
    int i;
    for (i = 0; i < count; i++) {
        codes[i] = (value_code)(64 * inputs[i]);
        sum += codes[i];
    }
    if (count & 1) {
        codes[count] = 0;
    }
    return sum;
}

