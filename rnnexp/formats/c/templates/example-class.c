        for (i = 0; i < count; i += CLASSES) {
            int number, likeliest = 0;
            for (number = 1; number < CLASSES; number++) {
                likeliest = made[i + number] > made[i + likeliest] ? number : likeliest;
            }
            printf(
                "  %s: %.4f, expected %.4f\n", ${p}_class_names[likeliest], (double)made[i + likeliest],
                wanted[i + likeliest]);
        }