"""Ready-made release tests on real, small models: good ones, broken ones, and too little data."""
