static int right(int sequence)
{
    static ${p}_buffers buffers;
    static $output_type found[RESULTS];
    ${p}_run(&buffers, given, ${test_length}found);
    return same_codes(found, expected[sequence], $test_results);
}
