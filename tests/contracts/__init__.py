"""What crosses a border stays readable for ever."""
