    static ${p}_real window[${P}_TIME_STEPS * ${P}_FEATURES];
