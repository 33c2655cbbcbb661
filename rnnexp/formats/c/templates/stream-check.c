$last_states

${same_values}${same_inputs}static int right(int sequence)
{
    static $output_type stepped[RESULTS], whole[RESULTS];
    ${p}_state state;
    int32_t time;
$made_definition    ${p}_init(&state);
    for (time = 0; time < $test_steps; time++) {
$stepwise
    }
    ${p}_run(given, ${test_length}whole);
    return same_codes(stepped, expected[sequence], $test_results) && same_codes(whole, expected[sequence], $test_results)
        && $same_states;
}
