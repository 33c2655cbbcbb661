    for (i = 0; i < ${P}_FEATURES; i++) {
        feature_sum sum = 0;
        int32_t band;
        for (band = 0; band < BANDS; band++) {
            sum += (feature_sum)cosines[i][band] * features[band];
        }
        coefficients[i] = (feature)SHARE(sum);
    }
