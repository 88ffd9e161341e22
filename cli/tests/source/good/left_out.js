tallymark.capture("left_out")
