        for (i = 0; i < count; i++) {
            printf("  %.9g, expected %.9g\n", (double)made[i], (double)wanted[i]);
        }