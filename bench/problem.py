"""What whoever runs the bench must mend: the text names the input and the remedy. main.py prints it and exits with 2."""


class Problem(Exception):
    pass
