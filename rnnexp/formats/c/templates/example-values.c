    for (i = 0; i < ${P}_TIME_STEPS * ${P}_FEATURES; i++) {
        double value;
        FETCH(&value, &given[sequence][i], sizeof value);
        window[i] = (${p}_real)value;
    }