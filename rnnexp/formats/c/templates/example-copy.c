        for (i = 0; i < ${P}_TIME_STEPS * ${P}_FEATURES; i++) {
            window[i] = (${p}_real)given[sequence][i];
        }
