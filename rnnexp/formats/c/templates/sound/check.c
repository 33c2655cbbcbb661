    if (!sound_right()) {
        printf("sound: other codes than the reference\n");
        wrong++;
    }
