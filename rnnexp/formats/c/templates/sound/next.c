    /* The end of a frame is the beginning of the next one. */
    sound->used = copied(sound->samples + ${P}_FRAME_STEP, sound->count, sound->samples);
