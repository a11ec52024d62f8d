"""Series: tables in time order, the frames cut from them, their splits and scalers."""
