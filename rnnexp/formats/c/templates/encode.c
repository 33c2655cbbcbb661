
$input_mean

/* The deviation of each, times the input scale. */
$input_unit

void ${p}_encode(const float values[${P}_FEATURES], int8_t codes[${P}_FEATURES])
{
    int i;
    for (i = 0; i < ${P}_FEATURES; i++) {
        float code = (values[i] - input_mean[i % $own]) / input_unit[i % $own] + ${P}_INPUT_ZERO_POINT;
        /* What is no number becomes -128. */
        code = code > -128.0f ? code : -128.0f;
        code = code < 127.0f ? code : 127.0f;
        codes[i] = (int8_t)(code < 0.0f ? code - 0.5f : code + 0.5f);
    }
}
