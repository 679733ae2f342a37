"""The tasks of notebook 05, fine-tuning."""

import math

from course_utils.your_turn.answers import NotYet, array, number, result_of, slip

_BLOCK = ("block5_conv1", "block5_conv2", "block5_conv3")


def interval_of_a_difference(answer):
    """(gained - lost -+ 2 * root of (gained + lost)) / number, in this order."""
    low, high = _two_numbers(result_of(answer, 60, 24, 1000))
    slip(low > high, "the lower end comes first, and yours is the higher one.")
    slip(abs(high) > 1, "the accuracies are shares of 1, so divide by the number of photos.")
    slip(
        math.isclose(low, (36 - 2 * 84) / 1000, abs_tol=1e-6),
        "84 photos changed, and the sum of 84 coins spreads by the root of 84.",
    )
    slip(
        math.isclose(low, (36 - 2 * 6) / 1000, abs_tol=1e-6),
        "every photo that changed tosses a coin, gained or lost: the root is of their sum, not of their difference.",
    )
    slip(
        math.isclose(low, (36 - math.sqrt(84)) / 1000, abs_tol=1e-6),
        "that is one spread; two on each side hold 95 % of the cases.",
    )
    wanted = [(36 - 2 * math.sqrt(84)) / 1000, (36 + 2 * math.sqrt(84)) / 1000]
    slip(
        not all(math.isclose(one, other, abs_tol=1e-3) for one, other in zip((low, high), wanted, strict=True)),
        f"for 60 gained and 24 lost of 1,000 you give {low:.4f} to {high:.4f}: take the difference, then two roots of "
        "60 + 24 to each side, and divide all by 1,000.",
    )
    return "60 gained and 24 lost of 1,000 mean a gain of 1.8 to 5.4 points; 0 is not among them."


def unfreeze_the_last_block(answer):
    """Freeze the whole base, then unfreeze the three convolutions of block 5 by name."""
    base = _vgg16_of_a_few_filters()
    base.trainable = True
    changed = result_of(answer, base)
    slip(changed is not base, "return the base that your function was given.")
    trained = [layer.name for layer in base.layers if layer.trainable_weights]
    slip(not trained, "nothing is trained now: freeze the base first, and unfreeze the three layers afterwards.")
    slip(len(trained) == 13, "all thirteen convolutions are trained: freeze the whole base before you unfreeze three.")
    slip(
        trained == [_BLOCK[2]],
        "only block5_conv3 is trained; the last block has three convolutions, and its pooling has no weights.",
    )
    slip(trained != list(_BLOCK), f"these are trained now: {', '.join(trained)}; it should be {', '.join(_BLOCK)}.")
    return "block5_conv1, block5_conv2 and block5_conv3 will be trained, and the other ten convolutions stay."


def parameters_of_the_last_block(answer):
    """3 * (3 * 3 * 512 + 1) * 512: three convolutions, each from 512 maps to 512."""
    answer = number(answer)
    slip(answer == 3 * 9 * 512 * 512, "each of the 512 filters also has a bias.")
    slip(answer == (9 * 512 + 1) * 512, "that is one convolution; the block has three.")
    slip(
        answer == 3 * (9 * 3 + 1) * 512,
        "these filters do not look at three colours but at the 512 maps of the layer before.",
    )
    slip(answer != 7_079_424, f"{answer:,} is not it: count one filter of 3 x 3 over 512 maps, add its bias.")
    return "7,079,424: almost half of VGG16's 14,714,688 parameters are in its last block."


def _two_numbers(result):
    try:
        low, high = array(result).tolist() if hasattr(result, "tolist") else result
    except (TypeError, ValueError):
        raise NotYet("return two numbers, the lower end and the higher end.") from None
    return number(low), number(high)


def _vgg16_of_a_few_filters():
    from course_utils.sandbox.small_bases import build_architecture

    return build_architecture("mini_vgg16", 32)


TASKS = {
    "the interval of a difference": interval_of_a_difference,
    "unfreeze the last block": unfreeze_the_last_block,
    "parameters of the last block": parameters_of_the_last_block,
}
