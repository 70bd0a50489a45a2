"""Where rooms are kept: logs that assign `seq`, in memory or on disk, behind one interface."""
