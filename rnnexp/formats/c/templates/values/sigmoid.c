$head
{
    const int likelier = ${p}_class(output);
    const ${p}_real logit = (${p}_real)(output[0] - ${P}_OUTPUT_ZERO_POINT) * (${p}_real)${P}_OUTPUT_SCALE;
    const ${p}_real other = power(likelier ? -logit : logit);

    return (number == likelier ? 1 : other) / (1 + other);
}
