/* A window before the first sample: as if all inputs had been 0. */
static void empty($input_type *window)
{
    int i;
    for (i = 0; i < WINDOW; i++) {
        window[i] = ${P}_INPUT_ZERO_POINT;
    }
}

/* The newest sample comes into a window, the oldest one goes. */
static void slide($input_type *window, const $input_type *input)
{
    int i;
    for (i = 0; i < WINDOW; i++) {
        const int next = i + ${P}_FEATURES;
        window[i] = next < WINDOW ? window[next] : input[next - WINDOW];
    }
}

