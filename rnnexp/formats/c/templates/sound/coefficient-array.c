    feature coefficients[${P}_FEATURES];
