$constants

static void ${name}($struct *$memory, const int16_t *frame)
{
    int16_t codes[$all_codes], made[$frequencies * $filters];
    int frequency, group, row, tap, i;
    if (!arrives(
            frame, $width, $memory->${name}_frames, &$memory->${name}_place, $span, &$memory->${name}_wait, $stride)) {
        return;
    }
    for (frequency = 0; frequency < $frequencies; frequency++) {
        int16_t *code = codes;
        for (group = 0; group < $groups; group++) {
            for (row = 0; row < $taps; row++) {
                const int place = ($memory->${name}_place + row * $dilation) % $span;
                for (tap = 0; tap < $frequency_taps; tap++) {
                    const int column = frequency * $frequency_stride + tap * $frequency_dilation - $frequency_before;
                    if (column >= 0 && column < $columns) {
                        value_codes(
                            $memory->${name}_frames + place * $width + column * $channels + group * $group_channels,
                            $group_channels, code);
                    } else {
                        for (i = 0; i < $group_channels; i++) {
                            code[2 * i] = $fine;
                            code[2 * i + 1] = $coarse;
                        }
                    }
                    code += 2 * $group_channels;
                }
            }
        }
        for (i = 0; i < $filters; i++) {
            made[frequency * $filters + i] = ${ahead}multiply(
                ${name}_kernel[i], ${name}_bias[i], codes + i / $group_filters * $codes, $codes, $shift)$behind;
        }
    }
    $following($memory, made);
}
