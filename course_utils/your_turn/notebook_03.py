"""The tasks of notebook 03, a CNN from scratch."""

from course_utils.your_turn.answers import number, slip


def parameters_of_the_first_layer(answer):
    """(3 * 3 * 3 + 1) * 32: 27 weights and one bias for each of 32 filters."""
    answer = number(answer)
    slip(answer == 864, "each filter also has a bias, one number that it adds.")
    slip(answer in (288, 320), "the photo has three colours, so each filter has 3 x 3 weights for each of them.")
    slip(answer == 28, "that is one filter; there are 32.")
    slip(answer != 896, f"{answer:,} is not it: count the weights of one filter, add its bias, and take 32 of them.")
    return "896, as in the first line of the summary below."


TASKS = {"parameters of the first layer": parameters_of_the_first_layer}
