        for (i = 0; i < count; i += $width) {
            int number, likeliest = 0;
            for (number = 1; number < $width; number++) {
                likeliest = made[i + number] > made[i + likeliest] ? number : likeliest;
            }
            printf(
                "  %s: %.4f, expected %.4f\n", ${p}_class_names[likeliest], (double)made[i + likeliest],
                expected[sequence][i + likeliest]);
        }