static void ${name}($struct *$memory, const int16_t *frame)
{
    int16_t made[$frequencies * $channels];
    int frequency, row, tap, i;
    if (!arrives(
            frame, $width, $memory->${name}_frames, &$memory->${name}_place, $span, &$memory->${name}_wait, $stride)) {
        return;
    }
    for (frequency = 0; frequency < $frequencies; frequency++) {
        int16_t *largest = made + frequency * $channels;
        for (i = 0; i < $channels; i++) {
            largest[i] = $lowest;
        }
        for (row = 0; row < $taps; row++) {
            for (tap = 0; tap < $frequency_taps; tap++) {
                const int column = frequency * $frequency_stride + tap - $frequency_before;
                if (column >= 0 && column < $columns) {
                    const int16_t *values = $memory->${name}_frames + row * $width + column * $channels;
                    for (i = 0; i < $channels; i++) {
                        largest[i] = values[i] > largest[i] ? values[i] : largest[i];
                    }
                }
            }
        }
    }
    $following($memory, made);
}
