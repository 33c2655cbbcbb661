/* A window before the first sample: as if all inputs had been 0. */
static void empty(${p}_state *state)
{
    int i;
    for (i = 0; i < WINDOW; i++) {
        state->window[i] = ${P}_INPUT_ZERO_POINT;
    }
    state->window_place = 0;
}

/* The newest sample comes where the oldest one was. */
static void slide(${p}_state *state, const $input_type *input)
{
    int i;
    for (i = 0; i < ${P}_FEATURES; i++) {
        state->window[state->window_place + i] = input[i];
    }
    state->window_place = ($place_type)(state->window_place + ${P}_FEATURES);
    if (state->window_place == WINDOW) {
        state->window_place = 0;
    }
}

/* The output after a window, whose oldest sample comes first. */
static void output_of_window(const ${p}_state *state, $output_type *output)
{
    $input_type window[WINDOW];
    const $place_type place = state->window_place;
    int i;
    for (i = 0; i < WINDOW; i++) {
        window[i] = state->window[i < WINDOW - place ? place + i : place + i - WINDOW];
    }
    output_layer($last_values, window, output);
}

