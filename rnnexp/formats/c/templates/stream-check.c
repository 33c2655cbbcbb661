$last_states

static int same_values(const int16_t *found, const int16_t *values, int count)
{
    int i, same = 1;
    for (i = 0; i < count; i++) {
        same = same && found[i] == values[i];
    }
    return same;
}

static int right(int sequence)
{
    static int8_t stepped[RESULTS], whole[RESULTS];
    ${p}_state state;
    int32_t time;
$made_definition    ${p}_init(&state);
    for (time = 0; time < $test_steps; time++) {
$stepwise
    }
    ${p}_run(inputs[sequence], ${test_length}whole);
    return same_codes(stepped, expected[sequence], $test_results) && same_codes(whole, expected[sequence], $test_results)
        && $same_states;
}
