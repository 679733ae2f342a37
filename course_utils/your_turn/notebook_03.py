"""The tasks of notebook 03, a CNN from scratch."""

import numpy as np

from course_utils.your_turn.answers import number, result_of, slip


def sum_of_nine_products(answer):
    """(image[row : row + 3, column : column + 3] * weights).sum(), tried on a made-up image of 6 x 7 numbers."""
    image = np.arange(42.0).reshape(6, 7) ** 2 % 17
    weights = np.array([[1, 2, 0], [-1, 3, 1], [0, -2, 2]])
    row, column = 1, 3
    patch = image[row : row + 3, column : column + 3]
    result = result_of(answer, image, weights, row, column)
    slip(np.size(result) == 9, "the 9 products are not added yet; end with .sum().")
    result = number(result)

    def gives(value):
        return np.isclose(result, value)

    slip(gives((image[column : column + 3, row : row + 3] * weights).sum()), "row and column are swapped.")
    slip(gives((patch @ weights).sum()), "@ multiplies matrices; * multiplies number by number.")
    slip(gives((patch * weights).mean()), "that is the mean of the products; their sum is needed.")
    slip(gives(patch.sum()), "the weights are not used; multiply the patch with them first.")
    slip(
        not gives((patch * weights).sum()), f"on an image of ours it gives {result:g}, not {(patch * weights).sum():g}."
    )
    return "it gives what one place of a feature map holds. The loop below does this at every place."


def parameters_of_the_first_layer(answer):
    """(3 * 3 * 3 + 1) * 32: 27 weights and one bias for each of 32 filters."""
    answer = number(answer)
    slip(answer == 864, "each filter also has a bias, one number that it adds.")
    slip(answer in (288, 320), "the photo has three colours, so each filter has 3 x 3 weights for each of them.")
    slip(answer == 28, "that is one filter; there are 32.")
    slip(answer != 896, f"{answer:,} is not it: count the weights of one filter, add its bias, and take 32 of them.")
    return "896, as in the first line of the summary below."


def parameters_of_any_layer(answer):
    """Two functions: (3 * 3 * channels + 1) * filters, and (inputs + 1) * units."""
    slip(not isinstance(answer, tuple) or len(answer) != 2, "two functions are needed; leave the line of the check.")
    convolution, dense = answer
    counted = number(result_of(convolution, 32, 64))
    slip(counted == (9 + 1) * 64, "convolution: each filter looks at all the maps, with 3 x 3 weights for each.")
    slip(counted == 9 * 32 * 64, "convolution: each filter also has a bias.")
    slip(counted == 9 * 32 * 64 + 1, "convolution: you count one bias; there is one for each filter.")
    slip(counted != 18_496, f"convolution: for 32 maps and 64 filters it gives {counted:,}, not 18,496.")
    counted = number(result_of(dense, 512, 2))
    slip(counted == 512 * 2, "Dense: each unit also has a bias.")
    slip(counted == 512 * 2 + 1, "Dense: you count one bias; there is one for each unit.")
    slip(counted != 1_026, f"Dense: for 512 inputs and 2 units it gives {counted:,}, not 1,026.")
    slip(result_of(convolution, 64, 128) != 73_856, "convolution: it must count with the numbers that it is given.")
    slip(result_of(dense, 6272, 512) != 3_211_776, "Dense: it must count with the numbers that it is given.")
    return "18,496 and 73,856 and 147,584 for the other convolutions, 3,211,776 and 1,026 for the Dense layers."


def loss_of_three_photos(answer):
    """-np.log([0.8, 0.9, 0.5]).mean(): the true classes got these probabilities."""
    slip(np.size(answer) == 3 and not isinstance(answer, str), "one number for all three is needed: take the mean.")
    answer = number(answer)
    costs = -np.log([0.8, 0.9, 0.5])
    slip(np.isclose(answer, -costs.mean()), "the minus sign is missing; a loss is never below zero.")
    slip(np.isclose(answer, costs.sum()), "that is the sum of the three; the mean is needed.")
    slip(np.isclose(answer, -np.log([0.8, 0.1, 0.5]).mean()), "you took the second column for all three; two are cats.")
    slip(np.isclose(answer, -np.log([0.2, 0.9, 0.5]).mean()), "you took the first column for all three; one is a dog.")
    slip(
        np.isclose(answer, costs.mean() / np.log(10), atol=1e-3), "that is the logarithm to base 10; np.log is needed."
    )
    slip(np.isclose(answer, costs.mean() / np.log(2), atol=1e-3), "that is the logarithm to base 2; np.log is needed.")
    slip(not np.isclose(answer, costs.mean(), atol=1e-3), f"{answer:.4g} is not it: which column is the true class?")
    return "0.341. Of the three the photo with 0.5 costs most: ln 2."


def one_step_downhill(answer):
    """weight - learning_rate * slope."""
    result = number(result_of(answer, 5.0, -2.0, 0.1))
    slip(np.isclose(result, 4.8), "that goes uphill: where the slope is negative, the weight must grow.")
    slip(np.isclose(result, 0.2), "begin where you were: the step is added to the old weight.")
    slip(np.isclose(result, 7), "the learning rate is not used; it says how long the step is.")
    slip(not np.isclose(result, 5.2), f"from 5 with slope -2 and learning rate 0.1 it goes to {result:g}, not to 5.2.")
    return "from 5 with slope -2 and learning rate 0.1 you go to 5.2. Training repeats this for every weight."


def test_accuracy(answer, probabilities, labels):
    """(probabilities.argmax(axis=1) == labels).mean()."""
    right = probabilities.argmax(axis=1) == labels
    slip(np.size(answer) == len(labels), "these are the answers, one for each photo; which share of them is right?")
    answer = number(answer)
    slip(answer == right.sum() and answer > 1, "that is how many are right; divide by how many there are.")
    slip(np.isclose(answer, 100 * right.mean()), "that is a percentage; a share lies between 0 and 1.")
    slip(not np.isclose(answer, right.mean()) and np.isclose(answer, 1 - right.mean()), "that is the share of errors.")
    slip(not np.isclose(answer, right.mean()), f"{answer:g} is not it: compare argmax(axis=1) with y_test.")
    return f"{right.mean():.3f}, the accuracy on photos that the network has never seen."


TASKS = {
    "the sum of nine products": sum_of_nine_products,
    "parameters of the first layer": parameters_of_the_first_layer,
    "parameters of any layer": parameters_of_any_layer,
    "the loss of three photos": loss_of_three_photos,
    "one step downhill": one_step_downhill,
    "the test accuracy": test_accuracy,
}
